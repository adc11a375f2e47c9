import Checkpoints
import TestSupport
import Testing

@Suite struct FormulaFillTests {
    @Test(arguments: ["backbones/van_tiny", "backbones/van_tiny_odd"])
    func weightsFromNamesEqualTheReferenceToTheBit(path: String) throws {
        let file = try SafetensorsFile(path: Goldens.folder + "/\(path)/weights.safetensors")
        for entry in file.entries {
            #expect(
                try FormulaFill.values(entry.name, entry.shape) == file.floats(entry.name),
                "\(entry.name)")
        }
    }

    @Test func inputsAreNamedTheSameWay() throws {
        let file = try SafetensorsFile(path: Goldens.folder + "/backbones/van_tiny/io.safetensors")
        #expect(try fill("input", 2, 3, 48, 64) == file.floats("input"))
    }
}
