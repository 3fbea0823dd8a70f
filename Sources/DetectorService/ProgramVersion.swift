/// The version of this program, in `phi --version` and in the header of each recording.
public enum ProgramVersion {
    public static let current = "0.2.0"
}
