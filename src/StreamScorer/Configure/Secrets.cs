using System.Text.RegularExpressions;

namespace StreamScorer.Configure;

/// <summary>Which options are secrets, known by their names, so that a property that librdkafka gets tomorrow is one too.</summary>
internal static partial class Secrets
{
    /// <summary>Stands in the place of a secret wherever configuration is shown.</summary>
    public const string Hidden = "***";

    /// <summary>Options that name a file with a secret in it.</summary>
    private static readonly string[] Files =
    [
        "Kafka:TokenFile", "Kafka:Properties:ssl.key.location", "Kafka:Properties:ssl.keystore.location", "Kafka:Properties:sasl.oauthbearer.assertion.private.key.file",
    ];

    public static bool Is(string option) => Name().IsMatch(option);

    public static bool IsFile(string option) => Files.Contains(option, StringComparer.OrdinalIgnoreCase);

    /// <summary>The value as it may be shown: one line, and nothing of a secret.</summary>
    public static string Show(string option, string value)
        => Is(option) ? Hidden : UserInfo().Replace(value.ReplaceLineEndings(" "), $"://{Hidden}@");

    /// <returns>Whether any user of this machine may read the file; false where there are no such rights, or no such file.</returns>
    public static bool IsOpenToAll(string file)
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        try
        {
            // By the handle, because in containers such a file is often a link.
            using var handle = File.OpenHandle(file);
            return (File.GetUnixFileMode(handle) & UnixFileMode.OtherRead) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // per-record tier: whoever needs the file will say what is wrong with it
        }
    }

    [GeneratedRegex(@"password|passphrase|secret|apikey|otlp:headers|key\.pem|oauthbearer\.config", RegexOptions.IgnoreCase)]
    private static partial Regex Name();

    [GeneratedRegex(@"://[^/@\s]+@")]
    private static partial Regex UserInfo();
}
