import Annotations
import Imaging
import Tensors
import Testing

@testable import Datasets

@Suite struct EvaluationLoaderTests {
    @Test(arguments: [0, 2])
    func imagesComeInOrderAndErrorsInTheirPlace(workers: Int) throws {
        let small = try SmallSet(imageCount: 6)
        let set = try small.load(use: .evaluation)
        try small.folder.write("no image", "4.png")
        let loader = EvaluationLoader(
            set.items, preprocessing: .plain(64, 64), workers: workers)
        var elements: [EvaluationLoader.Element] = []
        while let element = loader.next() { elements.append(element) }
        #expect(elements.map(\.item.imageID) == set.items.map(\.imageID))
        for (index, element) in elements.enumerated() {
            switch element.input {
            case .success(let input):
                #expect(index != 4 && input.input.shape == [1, 64, 64, 3])
                #expect(input.originalSize == ImageSize(width: 96, height: 64))
            case .failure(let error):
                #expect(index == 4 && error.kind == .notAnImage)
            }
        }
    }
}
