using System.ComponentModel.DataAnnotations;
using StreamScorer.Configure;

namespace StreamScorer.Tests.Configure;

public sealed class KafkaOptionsTests
{
    [Theory]
    [InlineData("SCRAM-SHA-512", null, "default", true)]
    [InlineData("SCRAM-SHA-512", "token", "default", false)]
    [InlineData("OAUTHBEARER", "token", "default", true)]
    [InlineData("OAUTHBEARER", null, "default", false)]
    [InlineData("OAUTHBEARER", null, "oidc", true)]
    public void Validate_ShouldTellWhenMechanismAndTokenDoNotFit(string mechanism, string? tokenFile, string method, bool fits)
    {
        var options = new KafkaOptions
        {
            TokenFile = tokenFile,
            Properties = new Dictionary<string, string> { ["security.protocol"] = "SASL_SSL", ["sasl.mechanism"] = mechanism, ["sasl.oauthbearer.method"] = method },
        };

        var faults = options.Validate(new ValidationContext(options)).ToList();

        Assert.Equal(fits ? 0 : 1, faults.Count);
        Assert.All(faults, fault => Assert.Contains("sasl.mechanism=OAUTHBEARER", fault.ErrorMessage, StringComparison.Ordinal));
    }
}
