using System.Text.RegularExpressions;
using Confluent.Kafka;
using StreamScorer.Configure;

namespace StreamScorer.Operate;

/// <summary>Why there is no connection to Kafka, as one line: what, where, how to cure it. The client's own words are kept where they help.</summary>
internal static partial class ConnectionFault
{
    private const string Property = "Kafka:Properties:";

    public static string Describe(KafkaOptions kafka, Error error)
    {
        var reason = error.Reason;
        var where = Address().Match(reason) is { Success: true } match ? match.Groups[1].Value : kafka.BootstrapServers;
        var protocol = kafka.Properties.GetValueOrDefault("security.protocol", "PLAINTEXT");
        return true switch
        {
            _ when Has("broker certificate could not be verified") => CertificateProbe.Describe(kafka, where),
            _ when Has("connecting to a PLAINTEXT broker listener") =>
                $"The broker at {where} does not speak TLS there, and {Property}security.protocol is {protocol}. Use the broker's TLS port, or set security.protocol to PLAINTEXT or SASL_PLAINTEXT.",
            _ when Has("client SSL authentication might be required") || Has("certificate required") || Has("bad certificate") =>
                $"The broker at {where} asks for a client certificate and did not accept ours{Own(kafka)}. Set {Property}ssl.certificate.location and ssl.key.location to one that is signed by a CA of the broker's truststore.",
            _ when Has("connecting to a SSL listener?") || (!kafka.IsSecured && Has("Disconnected: ")) =>
                $"The broker at {where} hangs up at once, and {Property}security.protocol is {protocol}. It wants TLS or a password, as it seems: set security.protocol to SSL, SASL_SSL or SASL_PLAINTEXT, or use its other port.",
            _ when error.Code == ErrorCode.Local_Authentication => Authentication(kafka, where, reason),
            _ when error.Code == ErrorCode.Local_Ssl => $"No TLS connection to the broker at {where}: {Plain(reason)}. See {Property}ssl.*.",
            _ => $"No Kafka broker answered at {kafka.BootstrapServers} within {kafka.ConnectTimeout}: {Plain(reason)}. Check that it runs and is reachable, or set Kafka:BootstrapServers.",
        };

        bool Has(string part) => reason.Contains(part, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>What the client says of properties that it cannot take, with the cure where it is known.</summary>
    public static string OfProperties(KafkaOptions kafka, string message)
    {
        if (message.Contains("libcurl", StringComparison.Ordinal))
        {
            return $"{message}. Give the token in a file instead (Kafka:TokenFile), or use a librdkafka with curl, such as that of NuGet's librdkafka.redist.";
        }

        return FileFailed().Match(message) is { Success: true } match && kafka.Properties.TryGetValue(match.Groups[1].Value, out var file)
            ? $"{message}. Check that {file} is there, is of the right format and readable for this user{(match.Groups[1].Value.Contains("key", StringComparison.Ordinal) ? ", and that the password of the key is right" : "")}."
            : message;
    }

    private static string Authentication(KafkaOptions kafka, string where, string reason)
    {
        var mechanism = kafka.Mechanism;
        if (reason.Contains("mechanism", StringComparison.OrdinalIgnoreCase) && reason.Contains("nsupported", StringComparison.Ordinal))
        {
            return $"The broker at {where} does not offer {mechanism}: {Plain(reason)}. Set {Property}sasl.mechanism to one that it offers.";
        }

        return mechanism == "OAUTHBEARER"
            ? $"The broker at {where} was not given a token that it takes: {Plain(reason)}. {(kafka.TokenFile is null ? $"Check {Property}sasl.oauthbearer.*, or name a file with the token: Kafka:TokenFile." : $"Check who renews {kafka.TokenFile} (Kafka:TokenFile), and what issuer and audience the broker wants.")}"
            : $"The broker at {where} refuses user '{kafka.Properties.GetValueOrDefault("sasl.username", "")}' by {mechanism}: {Plain(reason)}. Check {Property}sasl.username and sasl.password, and that the broker has this user for {mechanism}.";
    }

    private static string Own(KafkaOptions kafka)
        => kafka.Properties.Keys.Any(key => key.StartsWith("ssl.certificate.", StringComparison.Ordinal) || key.StartsWith("ssl.keystore.", StringComparison.Ordinal)) ? "" : " (none is set)";

    /// <summary>Without the client's prefix and the times that end its sentences.</summary>
    private static string Plain(string reason) => Times().Replace(Prefix().Replace(reason, ""), "").TrimEnd('.', ' ');

    [GeneratedRegex(@"^(ssl\.[a-z.]+) failed")]
    private static partial Regex FileFailed();

    [GeneratedRegex(@"^(?:\w+://)?([^/\s]+:\d+)/")]
    private static partial Regex Address();

    [GeneratedRegex(@"^(?:\w+://)?[^/\s]+:\d+/\w+: ")]
    private static partial Regex Prefix();

    [GeneratedRegex(@" \(after \d+ms in state .*$")]
    private static partial Regex Times();
}
