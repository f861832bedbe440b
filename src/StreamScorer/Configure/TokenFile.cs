using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace StreamScorer.Configure;

/// <summary>
/// Signs in with the token that stands in a file (SASL OAUTHBEARER) and reads the file again whenever the client wants a fresh one, which
/// is after four fifths of a token's life. Who renews the file, a sidecar or the orchestrator, is not our matter.
/// </summary>
internal sealed class TokenFile(string path, TimeProvider time)
{
    /// <summary>A token that is no JWT does not say when it ends; after so long the file is read again.</summary>
    private static readonly TimeSpan OpaqueLife = TimeSpan.FromMinutes(5);

    /// <summary>What the clients call when they need a token.</summary>
    public void Refresh(IClient client, string configuration)
    {
        try
        {
            var (token, principal, end) = Read();
            client.OAuthBearerSetToken(token, end.ToUnixTimeMilliseconds(), principal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or KafkaException)
        {
            // Pressure tier: the client says so in its errors and asks again in ten seconds; meanwhile the file may have been renewed.
            client.OAuthBearerSetTokenFailure(e.Message);
        }
    }

    /// <exception cref="FormatException">There is no token that still holds; the message never has any of it.</exception>
    public (string Token, string Principal, DateTimeOffset End) Read()
    {
        var token = File.ReadAllText(path).Trim();
        if (token.Length == 0)
        {
            throw new FormatException($"the token file {path} is empty");
        }

        var (principal, end) = Claims(token);
        return end is null || end > time.GetUtcNow()
            ? (token, principal ?? "streamscorer", end ?? time.GetUtcNow() + OpaqueLife)
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"the token in {path} ended at {end:yyyy-MM-dd'T'HH:mm:ss'Z'} and the file was not renewed"));
    }

    /// <summary>Subject and end of a JWT (RFC 7519); nothing of another kind of token. It is the broker that verifies it.</summary>
    private static (string? Subject, DateTimeOffset? End) Claims(string token)
    {
        if (token.Split('.') is not [_, var payload, _] || !Base64Url.IsValid(payload))
        {
            return default;
        }

        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromUtf8(Encoding.ASCII.GetBytes(payload)));
            var root = claims.RootElement;
            return root.ValueKind != JsonValueKind.Object
                ? default
                : (root.TryGetProperty("sub", out var sub) && sub.ValueKind == JsonValueKind.String ? sub.GetString() : null,
                    root.TryGetProperty("exp", out var exp) && exp.TryGetDouble(out var seconds) ? DateTimeOffset.UnixEpoch.AddSeconds(seconds) : null);
        }
        catch (Exception e) when (e is JsonException or ArgumentOutOfRangeException or InvalidOperationException)
        {
            return default; // per-record tier: no JWT after all
        }
    }
}
