// swift-tools-version: 6.2
// The floors of ARCHITECTURE.md: a target may depend only on what stands below it.
import PackageDescription

/// Kernels are compiled twice from one source folder: for AVX2 + FMA and for AVX-512.
func kernelFlags(_ march: String) -> [SwiftSetting] {
    [
        .unsafeFlags(
            ["-Ounchecked", "-Xcc", "-fno-math-errno", "-Xcc", "-march=" + march],
            .when(platforms: [.linux]))
    ] + strict
}

/// Set by `Tools/test`: warnings are errors there, and stay warnings where people build.
let isStrict = Context.environment["CVSUITE_STRICT"] != nil
let strict: [SwiftSetting] = isStrict ? [.treatAllWarnings(as: .error)] : []
let strictC: [CSetting] = isStrict ? [.treatAllWarnings(as: .error)] : []

let common: [SwiftSetting] = [.enableUpcomingFeature("MemberImportVisibility")] + strict

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: common)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], swiftSettings: common)
}

let package = Package(
    name: "cvsuite",
    products: [.executable(name: "cvsuite", targets: ["cvsuite"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        // Floor 0
        .target(name: "CMachine", cSettings: strictC),
        library("KernelInterface", []),
        .target(
            name: "Kernels", dependencies: ["KernelInterface", "CMachine"],
            swiftSettings: kernelFlags("x86-64-v3")),
        .target(
            name: "KernelsV4", dependencies: ["KernelInterface", "CMachine"],
            swiftSettings: [.define("KERNELS_V4")] + kernelFlags("x86-64-v4")),
        library("Parallelism", ["CMachine"]),
        // Floor 1
        library(
            "Tensors", ["Kernels", "KernelsV4", "KernelInterface", "Parallelism", "CMachine"]),
        // Floor 2
        library("Layers", ["Tensors", "Parallelism"]),
        // Beside
        library("JSONText", []),
        library("Files", []),
        .target(
            name: "CImageCodecs", cSettings: strictC,
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("z")]),
        library("Imaging", ["CImageCodecs", "Files"]),
        library("Annotations", ["JSONText", "Imaging", "Files"]),
        library("Evaluation", ["Annotations", "JSONText"]),
        library("Datasets", ["Imaging", "Annotations", "JSONText", "Tensors", "Parallelism"]),
        library("Checkpoints", ["Tensors", "JSONText", "Files"]),
        // Floor 3
        library("Backbones", ["Layers", "Tensors", "JSONText"]),
        library("Detection", ["Layers", "Tensors", "Parallelism"]),
        // Floor 4
        library(
            "Catalogue",
            [
                "Backbones", "Detection", "Layers", "Tensors", "JSONText", "Checkpoints",
                "Parallelism",
            ]),
        // Floor 5
        library(
            "Training",
            [
                "Catalogue", "Detection", "Layers", "Tensors", "Datasets", "Annotations",
                "Imaging", "Evaluation", "Checkpoints", "JSONText", "Parallelism", "CMachine",
                "Prediction", "Backbones", "KernelInterface", "Files",
            ]),
        library(
            "Prediction",
            [
                "Catalogue", "Detection", "Layers", "Tensors", "Datasets", "Annotations",
                "Imaging", "Checkpoints", "JSONText", "Parallelism", "Files",
            ]),
        // Floor 6
        .executableTarget(
            name: "cvsuite",
            dependencies: [
                "Training", "Prediction", "Catalogue", "Detection", "Backbones", "Layers",
                "Tensors", "Datasets", "Annotations", "Evaluation", "Imaging", "Checkpoints",
                "JSONText", "Parallelism", "Files",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: common),
        // Tests
        .target(
            name: "TestSupport", dependencies: ["Layers", "Tensors", "Checkpoints", "JSONText"],
            path: "Tests/TestSupport", swiftSettings: common),
        tests("KernelsTests", ["Kernels", "KernelsV4", "KernelInterface", "Tensors"]),
        tests("ParallelismTests", ["Parallelism"]),
        tests("TensorsTests", ["Tensors", "KernelInterface", "Parallelism", "CMachine"]),
        tests("LayersTests", ["Layers", "Tensors"]),
        tests("JSONTextTests", ["JSONText"]),
        tests("FilesTests", ["Files"]),
        tests("ImagingTests", ["Imaging"]),
        tests("AnnotationsTests", ["Annotations", "JSONText", "Files"]),
        tests("EvaluationTests", ["Evaluation", "Annotations", "JSONText", "Checkpoints"]),
        tests("DatasetsTests", ["Datasets", "Imaging", "Annotations", "JSONText", "Tensors"]),
        tests("CheckpointsTests", ["Checkpoints", "Tensors", "JSONText", "Files"]),
        tests("BackbonesTests", ["Backbones", "Layers", "Tensors", "Checkpoints", "JSONText"]),
        tests("DetectionTests", ["Detection", "Layers", "Tensors", "Checkpoints"]),
        tests(
            "CatalogueTests",
            ["Catalogue", "Backbones", "Detection", "Layers", "Tensors", "JSONText", "Checkpoints"]),
        tests(
            "TrainingTests",
            ["Training", "Catalogue", "Layers", "Tensors", "JSONText", "Checkpoints"]),
        tests("PredictionTests", ["Prediction", "Catalogue", "Tensors", "Imaging", "JSONText"]),
        tests("CommandTests", ["Imaging", "JSONText"]),
    ],
    swiftLanguageModes: [.v6]
)
