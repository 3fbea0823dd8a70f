/// A number with its noun: `1 node`, `2 nodes`.
///
/// - Parameter plural: If it is not `noun` with an `s`.
package func counted(_ count: some BinaryInteger, _ noun: String, plural: String? = nil) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(plural ?? noun + "s")"
}
