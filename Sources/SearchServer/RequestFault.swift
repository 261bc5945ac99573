/// Names every way in which a request can be refused before the pipeline is asked anything.
///
/// What a client is told about each is written in `Problem+Errors.swift`.
enum RequestFault: Error, Equatable {
    case unknownPath
    case methodNotAllowed(allowed: [String])
    case hostNotAllowed
    case crossSite
    case parameterOutOfRange(name: String, allowed: ClosedRange<Int>)
    /// What is wrong with which parameter.
    case invalidParameter(String, String)
    case invalidCursor
    /// What is wrong with the JSON of the request.
    case malformedRequest(String)
    case malformedTags
    case urlsNotAllowed
    case unknownJob
    case jobRunning
    case stillLooking
    case libraryInUse
    case invalidImageID
    case unknownImage
    case unsupportedMediaType
    case emptyBody
    case incompleteBody
    case bodyTooLarge(limit: Int)
    case bodyTooSlow
    case missingImagePart
    case malformedJudgement
    case malformedInteraction
    case unauthorized(showedWrongToken: Bool)
    case forbidden(needed: AccessScope)
    case rateLimited(seconds: Int)
    case tooBusy
    case notReady
}
