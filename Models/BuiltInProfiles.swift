extension NetworkProfile {
    // Files in `Network`, by their names without the extension.
    private static let files: [String: [UInt8]] = [
        "cellular": PackageResources.cellular_json, "lan": PackageResources.lan_json,
        "satellite": PackageResources.satellite_json, "wan": PackageResources.wan_json,
        "wifi": PackageResources.wifi_json,
    ]

    /// Names of the built-in profiles.
    public static var builtInNames: [String] { files.keys.sorted() }

    /// - Returns: Nil if there is no profile of this name.
    public static func builtIn(_ name: String) throws(InvalidNetworkProfile) -> NetworkProfile? {
        guard let file = files[name] else { return nil }
        return try NetworkProfile(json: file)
    }
}
