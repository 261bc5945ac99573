// swift-tools-version: 6.2

import PackageDescription

// File paths are bytes on Linux, not text.
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

// One target per box of the visual-search chapter; docs/architecture.md is the map. Dependencies only ever
// point down this list.
let package = Package(
    name: "lookalike",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // What Swift cannot call by itself, and the kernels that measure clearly faster in C.
        .systemLibrary(name: "CGObject", pkgConfig: "gobject-2.0"),
        .target(
            name: "CVips",
            dependencies: ["CGObject"],
            linkerSettings: [.linkedLibrary("gmodule-2.0")]
        ),
        .target(name: "COpenBLAS"),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "CSandbox"),

        .target(name: "CPageChecksums", linkerSettings: [.linkedLibrary("sqlite3")]),

        // Data preparation.
        .target(name: "ImageDecoding", dependencies: ["CKernels", "CSandbox", "CVips", systemPackage]),

        // Model.
        .target(name: "NeuralNetwork", dependencies: ["CKernels", "COpenBLAS"]),

        // Embedding generation service.
        .target(
            name: "ImageEmbedding",
            dependencies: [
                "ImageDecoding", "NeuralNetwork",
                .product(name: "Crypto", package: "swift-crypto"),
                systemPackage,
            ]
        ),

        // Image data.
        .target(
            name: "Catalog",
            dependencies: [
                "CPageChecksums",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                systemPackage,
            ]
        ),

        // Nearest-neighbour service.
        .target(name: "NeighborSearch", dependencies: ["CKernels", systemPackage]),

        // A library on disk: the catalog, and the index that follows it.
        .target(
            name: "ImageLibrary",
            dependencies: [
                "Catalog", "NeighborSearch",
                .product(name: "Crypto", package: "swift-crypto"),
                systemPackage,
            ]
        ),

        // Indexing pipeline.
        .target(
            name: "IndexingPipeline",
            dependencies: [
                "Catalog", "ImageDecoding", "ImageEmbedding", "ImageLibrary", "NeuralNetwork",
                .product(name: "Crypto", package: "swift-crypto"),
                systemPackage,
            ]
        ),

        // Re-ranking service.
        .target(name: "Reranking"),

        // Prediction pipeline.
        .target(
            name: "QueryPipeline",
            dependencies: [
                "Catalog", "ImageDecoding", "ImageEmbedding", "ImageLibrary", "NeighborSearch", "Reranking",
                .product(name: "Crypto", package: "swift-crypto"),
                systemPackage,
            ]
        ),

        // User and interaction data: online metrics.
        .target(name: "Feedback", dependencies: ["Catalog", "ImageLibrary", systemPackage]),

        // Pictures from the web, for queries.
        .target(
            name: "PictureFetching",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]
        ),

        // Offline evaluation.
        .target(
            name: "Evaluation",
            dependencies: [
                "CKernels", "Catalog", "ImageDecoding", "ImageEmbedding", "ImageLibrary", "IndexingPipeline",
                "NeighborSearch", "Reranking", systemPackage,
            ]
        ),

        // Serving.
        .target(
            name: "SearchServer",
            dependencies: [
                "Catalog", "Evaluation", "ImageDecoding", "ImageEmbedding", "ImageLibrary",
                "IndexingPipeline", "PictureFetching",
                "QueryPipeline", "Reranking",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                systemPackage,
            ],
            resources: [
                .embedInCode("Web/brand.html"), .embedInCode("Web/docs.html"),
                .embedInCode("Web/duplicates.html"),
                .embedInCode("Web/head.html"), .embedInCode("Web/index.html"), .embedInCode("Web/judge.html"),
                .embedInCode("Web/operator.html"), .embedInCode("Web/pages.css"),
                .embedInCode("Web/picture.css"), .embedInCode("Web/search.css"),
                .embedInCode("Web/style.css"),
                .embedInCode("Web/address.js"), .embedInCode("Web/api.js"), .embedInCode("Web/app.js"),
                .embedInCode("Web/bar.js"), .embedInCode("Web/cards.js"), .embedInCode("Web/cropper.js"),
                .embedInCode("Web/docs.js"), .embedInCode("Web/dom.js"), .embedInCode("Web/duplicates.js"),
                .embedInCode("Web/filters.js"), .embedInCode("Web/format.js"), .embedInCode("Web/intake.js"),
                .embedInCode("Web/interactions.js"), .embedInCode("Web/jobs.js"),
                .embedInCode("Web/judge.js"),
                .embedInCode("Web/operator.js"), .embedInCode("Web/picture.js"), .embedInCode("Web/plots.js"),
                .embedInCode("Web/query.js"), .embedInCode("Web/request.js"), .embedInCode("Web/schema.js"),
                .embedInCode("Web/search.js"), .embedInCode("Web/suggestions.js"),
                .embedInCode("Web/tags.js"),
                .embedInCode("Web/token.js"), .embedInCode("Web/tray.js"), .embedInCode("Web/traybar.js"),
                .embedInCode("Web/why.js"), .embedInCode("Web/favicon.svg"), .embedInCode("Web/openapi.json"),
            ]
        ),

        // The command.
        .executableTarget(
            name: "lookalike",
            dependencies: [
                "Catalog", "Evaluation", "Feedback", "ImageDecoding", "ImageEmbedding", "ImageLibrary",
                "IndexingPipeline", "NeighborSearch", "NeuralNetwork", "PictureFetching", "QueryPipeline",
                "Reranking", "SearchServer",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                systemPackage,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),

        // Our half of the measurements; tools/bench has the peers'.
        .executableTarget(
            name: "lookalike-bench",
            dependencies: [
                "CKernels", "Catalog", "ImageDecoding", "ImageEmbedding", "ImageLibrary", "NeighborSearch",
                "NeuralNetwork", "QueryPipeline",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                systemPackage,
            ]
        ),

        // Tests: one target per room, and what they share.
        .target(name: "TestSupport", dependencies: ["Catalog", systemPackage], path: "Tests/TestSupport"),
        .testTarget(
            name: "ImageDecodingTests",
            dependencies: ["ImageDecoding", "CKernels", "TestSupport", systemPackage],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "NeuralNetworkTests",
            dependencies: ["NeuralNetwork", "CKernels", "TestSupport", systemPackage],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "ImageEmbeddingTests",
            dependencies: ["ImageEmbedding", "ImageDecoding", "NeuralNetwork", "TestSupport", systemPackage],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "CatalogTests",
            dependencies: [
                "Catalog", "CPageChecksums", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                systemPackage,
            ]
        ),
        .testTarget(
            name: "NeighborSearchTests",
            dependencies: ["NeighborSearch", "CKernels", "TestSupport", systemPackage]
        ),
        .testTarget(
            name: "ImageLibraryTests",
            dependencies: [
                "ImageLibrary", "Catalog", "NeighborSearch", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                systemPackage,
            ]
        ),
        .testTarget(
            name: "IndexingPipelineTests",
            dependencies: [
                "IndexingPipeline", "Catalog", "ImageDecoding", "ImageEmbedding", "ImageLibrary",
                "NeighborSearch",
                "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                systemPackage,
            ]
        ),
        .testTarget(name: "RerankingTests", dependencies: ["Reranking", "TestSupport"]),
        .testTarget(
            name: "QueryPipelineTests",
            dependencies: [
                "QueryPipeline", "Catalog", "ImageDecoding", "ImageEmbedding", "ImageLibrary",
                "IndexingPipeline", "NeuralNetwork", "Reranking", "TestSupport",
                systemPackage,
            ]
        ),
        .testTarget(
            name: "FeedbackTests",
            dependencies: ["Feedback", "Catalog", "ImageLibrary", "TestSupport", systemPackage]
        ),
        .testTarget(
            name: "PictureFetchingTests",
            dependencies: [
                "PictureFetching", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                systemPackage,
            ]
        ),
        .testTarget(
            name: "EvaluationTests",
            dependencies: [
                "Evaluation", "Catalog", "ImageDecoding", "ImageEmbedding", "ImageLibrary", "NeighborSearch",
                "Reranking", "TestSupport",
                systemPackage,
            ]
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "lookalike", "Catalog", "ImageDecoding", "ImageEmbedding", "ImageLibrary", "NeighborSearch",
                "TestSupport",
                systemPackage,
            ]
        ),
        .testTarget(
            name: "SearchServerTests",
            dependencies: [
                "SearchServer", "Catalog", "Evaluation", "ImageDecoding", "ImageEmbedding", "ImageLibrary",
                "IndexingPipeline", "PictureFetching",
                "Reranking", "QueryPipeline", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                systemPackage,
            ]
        ),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
}
