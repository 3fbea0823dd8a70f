import PhiAccrual
import PlatformFoundation

extension NetworkProfile {
    /// Reads the text of a profile file.
    public init(json: some Collection<UInt8>) throws(InvalidNetworkProfile) {
        do {
            self = try JSONDecoder().decode(NetworkProfile.self, from: Data(json))
        } catch let error as InvalidNetworkProfile {
            throw error
        } catch {
            throw InvalidNetworkProfile(reason: "must be a JSON object as 'phi fit' writes it")
        }
    }
}

/// Keys of version 0.1.0 that have other names now. Profiles with the former names are still read.
private enum FormerKey: String, CodingKey {
    case log10Errors = "decades"  // now `log10_error`
    case bursts = "patches"

    /// The tables by the present names of their families.
    static func renamed<Table>(_ tables: [String: Table]) -> [String: Table] {
        guard tables["bursts"] == nil, let table = tables[bursts.rawValue] else { return tables }
        var renamed = tables
        renamed[bursts.rawValue] = nil
        renamed["bursts"] = table
        return renamed
    }
}

extension NetworkProfile: Codable {
    private enum Keys: String, CodingKey {
        case schema, name, kind, description, provenance, estimator, calibration, lateness
        case deviation = "deviation_intervals"
    }
    private static let assumed = "assumed"

    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(Self.schema, forKey: .schema)
        try object.encode(name, forKey: .name)
        try object.encode(kind, forKey: .kind)
        try object.encode(description, forKey: .description)
        if let provenance {
            try object.encode(provenance, forKey: .provenance)
        } else {
            try object.encode(Self.assumed, forKey: .provenance)
        }
        try object.encode(estimator, forKey: .estimator)
        try object.encode(calibration, forKey: .calibration)
        try object.encode(lateness.deviation, forKey: .deviation)
        try object.encode(lateness.tables, forKey: .lateness)
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Keys.self)
        let schema: Int = try object.read(.schema, as: "the whole number \(Self.schema)")
        guard schema == Self.schema else {
            throw InvalidNetworkProfile(
                place: "schema", reason: "must be \(Self.schema), the only schema this version reads, found \(schema)")
        }
        let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
        let tables: [String: [[Int]]] = try object.read(
            .lateness, as: "lists of lists of whole numbers, by names of families")
        let deviation: Double = try object.read(.deviation, as: "a number of intervals from 0 to 8") {
            (0...8).contains($0)
        }
        let lateness: LatenessProfile
        do {
            lateness = try LatenessProfile(tables: FormerKey.renamed(tables), deviation: deviation)
        } catch {
            throw InvalidNetworkProfile(place: "lateness.\(error.place)", reason: error.reason)
        }
        try self.init(
            name: object.read(.name, as: NetworkProfile.namesAre), kind: object.read(.kind, as: "one of \(kinds)"),
            description: object.read(.description, as: "a text"),
            provenance: (try? object.decode(String.self, forKey: .provenance)) == Self.assumed
                ? nil : object.read(.provenance, as: "a list of recordings, or \"\(Self.assumed)\""),
            estimator: object.read(.estimator, as: "a text"),
            calibration: object.readIfPresent(.calibration, as: "an object, or null"), lateness: lateness)
    }
}

extension NetworkProfile.Source: Codable {
    private enum Keys: String, CodingKey { case trace, sha256, heartbeats, nodes, origin }

    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(trace, forKey: .trace)
        try object.encode(sha256, forKey: .sha256)
        try object.encode(heartbeats, forKey: .heartbeats)
        try object.encode(nodes, forKey: .nodes)
        try object.encode(origin, forKey: .origin)
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Keys.self)
        try self.init(
            trace: object.read(.trace, as: "the name of a file"),
            sha256: object.read(.sha256, as: "64 hexadecimal digits") { digits in
                digits.utf8.count == 64 && digits.allSatisfy { $0.isHexDigit && !$0.isUppercase }
            },
            heartbeats: object.read(.heartbeats, as: "a whole number above 0") { $0 > 0 },
            nodes: object.read(.nodes, as: "a whole number above 0") { $0 > 0 },
            origin: object.readIfPresent(.origin, as: "a text, or null"))
    }
}

extension NetworkProfile.Calibration: Codable {
    private enum Keys: String, CodingKey {
        case heartbeats, policy
        case log10Errors = "log10_error"
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Keys.self)
        let former = try decoder.container(keyedBy: FormerKey.self)
        let numbers = "numbers, by names of files"
        try self.init(
            heartbeats: object.read(.heartbeats, as: "a whole number above 0") { $0 > 0 },
            policy: object.read(.policy, as: "a text"),
            log10Errors: former.contains(.log10Errors)
                ? former.read(.log10Errors, as: numbers) : object.read(.log10Errors, as: numbers))
    }

    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Keys.self)
        try object.encode(heartbeats, forKey: .heartbeats)
        try object.encode(policy, forKey: .policy)
        try object.encode(log10Errors, forKey: .log10Errors)
    }
}

extension KeyedDecodingContainer {
    /// Decodes a field and checks its value.
    ///
    /// - Parameters:
    ///   - right: What the value must be, for the error message.
    ///   - holds: Whether a value is valid.
    fileprivate func read<Value: Decodable>(
        _ key: Key, as right: String, where holds: (Value) -> Bool = { _ in true }
    ) throws -> Value {
        let path = codingPath + [key]
        do {
            let value = try decode(Value.self, forKey: key)
            if holds(value) { return value }
        } catch let error as InvalidNetworkProfile {
            throw error  // from a field within this one
        } catch let error as DecodingError {
            throw InvalidNetworkProfile(place: Self.place(error.path ?? path), reason: "must be \(right)")
        } catch {
            // A number that does not fit throws an error of another type, without a location.
        }
        throw InvalidNetworkProfile(place: Self.place(path), reason: "must be \(right)")
    }
    fileprivate func readIfPresent<Value: Decodable>(_ key: Key, as right: String) throws -> Value? {
        contains(key) && (try? decodeNil(forKey: key)) != true ? try read(key, as: right) : nil
    }

    /// A path such as `provenance[0].nodes`.
    private static func place(_ path: [any CodingKey]) -> String {
        path.reduce("") { place, key in
            if let index = key.intValue { return "\(place)[\(index)]" }
            return place.isEmpty ? key.stringValue : "\(place).\(key.stringValue)"
        }
    }
}

extension DecodingError {
    /// Path of the invalid field; nil if the field is missing.
    fileprivate var path: [any CodingKey]? {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath
        case .keyNotFound: nil
        @unknown default: nil
        }
    }
}
