internal import Catalog
internal import HTTPTypes
internal import ImageDecoding
internal import ImageLibrary
internal import PictureFetching
internal import QueryPipeline

// The one place where a fault becomes a status, a code and a sentence. Whatever is not named here is a fault
// of ours: it is logged in full, and the client learns nothing but that it happened.

extension Problem {
    /// Describes `error` to a client.
    init(_ error: any Error) {
        switch error {
        case let fault as RequestFault: self.init(fault)
        case let error as MultipartError: self.init(error)
        case let error as QueryError: self.init(error)
        case let error as FetchError: self.init(error)
        case LibraryError.inUse: self.init(RequestFault.libraryInUse)
        default: self = .internalError
        }
    }

    private init(_ fault: RequestFault) {
        switch fault {
        case .unknownPath:
            self.init(.notFound, "not_found", "There is nothing at this address.")
        case .methodNotAllowed(let allowed):
            let list = allowed.joined(separator: ", ")
            self.init(
                .methodNotAllowed,
                "method_not_allowed",
                "This address answers to \(list).",
                headers: [.allow: list]
            )
        case .hostNotAllowed:
            self.init(
                .misdirectedRequest,
                "host_not_allowed",
                "This server listens on this machine alone; open it as localhost or 127.0.0.1."
            )
        case .crossSite:
            self.init(.forbidden, "cross_site_request", "A page of another site may not send requests here.")
        case .parameterOutOfRange(let name, let allowed):
            self.init(
                .badRequest,
                "invalid_\(name)",
                "\(name) must be a whole number from \(allowed.lowerBound) to \(allowed.upperBound)."
            )
        case .invalidParameter(let name, let reason):
            self.init(.badRequest, "invalid_parameter", "The parameter \(name) means nothing: \(reason).")
        case .invalidCursor:
            self.init(
                .badRequest,
                "invalid_cursor",
                "A cursor is taken as it is from the nextCursor of an answer; begin without one."
            )
        case .malformedRequest(let reason):
            self.init(.badRequest, "malformed_request", "The request's JSON cannot be read: \(reason).")
        case .malformedTags:
            self.init(
                .badRequest,
                "malformed_tags",
                "Tags are up to \(Catalog.maximumTagCount) texts of 1 to \(Catalog.maximumTagLength) characters without commas."
            )
        case .urlsNotAllowed:
            self.init(
                .forbidden,
                "url_not_allowed",
                "This server fetches no pictures from addresses; send the picture itself."
            )
        case .unknownJob:
            self.init(
                .notFound,
                "unknown_job",
                "There is no job with this id; jobs are forgotten when the server ends."
            )
        case .jobRunning:
            self.init(.conflict, "job_running", "A job is running; wait for its end, or stop it.")
        case .stillLooking:
            self.init(
                .serviceUnavailable,
                "still_looking",
                "Copies are being looked for; ask again in a moment.",
                headers: [.retryAfter: "2"]
            )
        case .libraryInUse:
            self.init(
                .serviceUnavailable,
                "library_in_use",
                "Another process writes to the library; try again when it is done.",
                headers: [.retryAfter: "5"]
            )
        case .invalidImageID:
            self.init(.badRequest, "invalid_image_id", "An image's id is a whole number above 0.")
        case .unknownImage:
            self.init(.notFound, "unknown_image", "The library has no image with this id.")
        case .unsupportedMediaType:
            self.init(
                .unsupportedMediaType,
                "unsupported_media_type",
                "Send the picture's bytes as image/jpeg or whatever it is, or as application/octet-stream;"
                    + " or send a form (multipart/form-data) with a file named image."
            )
        case .emptyBody:
            self.init(
                .badRequest,
                "empty_body",
                "The request carried no picture; send its bytes as the body."
            )
        case .incompleteBody:
            self.init(
                .badRequest,
                "incomplete_body",
                "The connection ended before the whole picture had arrived."
            )
        case .bodyTooLarge(let limit):
            self.init(
                .contentTooLarge,
                "body_too_large",
                "A picture may have up to \(Self.readable(byteCount: limit)); send a smaller version of it."
            )
        case .bodyTooSlow:
            self.init(
                .requestTimeout,
                "body_too_slow",
                "The request's body came too slowly; send a smaller version of the picture, or over a faster connection."
            )
        case .missingImagePart:
            self.init(.badRequest, "missing_image_part", "The form has no file named image.")
        case .malformedJudgement:
            let grades = JudgingRoutes.allowedGrades
            self.init(
                .badRequest,
                "malformed_judgement",
                "A judgement is {\"query\": 17, \"image\": 4, \"grade\": 3}, the grade from \(grades.lowerBound) to "
                    + "\(grades.upperBound)."
            )
        case .malformedInteraction:
            self.init(
                .badRequest,
                "malformed_interaction",
                "An interaction is {\"query\": 17, \"shown\": [4, 9], \"clicked\": [9]}: 1 to "
                    + "\(FeedbackRoutes.maximumShownCount) results, each once, in their order, and those opened."
            )
        case .unauthorized(let showedWrongToken):
            self.init(
                .unauthorized,
                "unauthorized",
                showedWrongToken
                    ? "The server does not know this token; ask whoever runs it for another."
                    : "Send a token as Authorization: Bearer TOKEN; whoever runs the server gives them out.",
                // RFC 6750, section 3.
                headers: [
                    .wwwAuthenticate: "Bearer realm=\"lookalike\""
                        + (showedWrongToken ? ", error=\"invalid_token\"" : "")
                ]
            )
        case .forbidden(let needed):
            self.init(
                .forbidden,
                "forbidden",
                "The token does not allow this; it takes one with the scope \(needed.rawValue).",
                headers: [
                    .wwwAuthenticate: "Bearer realm=\"lookalike\", error=\"insufficient_scope\", "
                        + "scope=\"\(needed.rawValue)\""
                ]
            )
        case .rateLimited(let seconds):
            self.init(
                .tooManyRequests,
                "rate_limited",
                "You ask more often than one client may; try again in \(seconds) s.",
                headers: [.retryAfter: "\(seconds)"]
            )
        case .tooBusy:
            self.init(
                .serviceUnavailable,
                "too_busy",
                "Too many searches are waiting already; try again in a moment.",
                headers: [.retryAfter: "1"]
            )
        case .notReady:
            self.init(
                .serviceUnavailable,
                "not_ready",
                "The library cannot be searched at the moment; the server's log says why."
            )
        }
    }

    private init(_ error: MultipartError) {
        self.init(.badRequest, "malformed_multipart", "The form could not be read: \(error.reason)")
    }

    private init(_ error: FetchError) {
        let sentence = Self.sentence(error.description)
        switch error.kind {
        case .malformed: self.init(.badRequest, "malformed_url", sentence)
        case .refused: self.init(.forbidden, "url_not_allowed", sentence)
        case .failed: self.init(.unprocessableContent, "url_failed", sentence)
        }
        if error.kind != .malformed { reason = error.code }
    }

    private init(_ error: QueryError) {
        switch error {
        case .undecodable(let error) where error.reason == .unavailable:
            self = .internalError
        case .undecodable(let error):
            self.init(.unprocessableContent, "undecodable_image", error.message)
            reason = error.reason.rawValue
        case .unknownImage:
            self.init(RequestFault.unknownImage)
        case .notEmbedded:
            self.init(
                .conflict,
                "not_embedded",
                "The image has not been embedded by the current model yet; index the library again."
            )
        case .imageFileGone:
            self.init(
                .gone,
                "image_file_gone",
                "The image is known, but its file is no longer where the library saw it."
            )
        case .invalidLimit:
            self.init(RequestFault.parameterOutOfRange(name: "limit", allowed: SearchRoutes.allowedLimits))
        case .unknownPath:
            self.init(.notFound, "unknown_image", "No image of the library lies at this path.")
        case .notCalibrated:
            self.init(.conflict, "not_calibrated", Self.sentence(error.description))
        case .contradictoryExamples:
            self.init(.unprocessableContent, "contradictory_examples", Self.sentence(error.description))
        case .malformedVector:
            self.init(.badRequest, "malformed_vector", Self.sentence(error.description))
        case .malformedCrop:
            self.init(.badRequest, "malformed_crop", Self.sentence(error.description))
        case .invalidExampleCount, .invalidWeight:
            self.init(.badRequest, "malformed_request", Self.sentence(error.description))
        }
    }

    private static let internalError = Problem(
        .internalServerError,
        "internal_error",
        "Something went wrong on the server; its log has the details."
    )

    /// A description as a sentence.
    private static func sentence(_ description: String) -> String {
        description.prefix(1).uppercased() + description.dropFirst() + "."
    }

    private static func readable(byteCount: Int) -> String {
        byteCount % (1 << 20) == 0 ? "\(byteCount >> 20) MiB" : "\(byteCount) bytes"
    }
}
