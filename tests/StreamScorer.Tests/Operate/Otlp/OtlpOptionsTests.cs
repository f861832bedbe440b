using Microsoft.Extensions.Configuration;
using StreamScorer.Configure;

namespace StreamScorer.Tests.Operate.Otlp;

public sealed class OtlpOptionsTests
{
    [Theory]
    [InlineData("Endpoint", "http://localhost:4317")]
    [InlineData("Endpoint", "https://collector.example/otlp/")]
    [InlineData("Endpoint", "")]
    [InlineData("Headers", "authorization=Bearer%20abc,x=y=z")]
    [InlineData("Timeout", "00:00:02")]
    [InlineData("Protocol", "HttpProtobuf")]
    public void Validate_ShouldAccept(string option, string value) => Assert.Empty(Faults(option, value));

    [Theory]
    [InlineData("Endpoint", "localhost:4317", "such as http://localhost:4317")]
    [InlineData("Endpoint", "http://user:secret@host", "Otlp:Headers")]
    [InlineData("Endpoint", "http://host?x=1", "?")]
    [InlineData("Headers", "secret", "name=value")]
    [InlineData("Headers", "a=b\nc: secret", "name=value")]
    [InlineData("Headers", "a=b%0Ac: secret", "name=value")]
    [InlineData("Headers", "x-key: secret=1", "name=value")]
    [InlineData("Headers", "=secret", "name=value")]
    [InlineData("Headers", ",a=secret", "name=value")]
    [InlineData("Headers", "content-type=secret", "name=value")]
    [InlineData("Timeout", "00:00:00", "between")]
    [InlineData("MetricsInterval", "00:00:00.100", "between")]
    [InlineData("Protocol", "Json", "Grpc, HttpProtobuf")]
    public void Validate_ShouldSayWhatIsWrong_AndNoSecret(string option, string value, string expected)
    {
        var fault = Assert.Single(Faults(option, value));

        Assert.StartsWith($"Otlp:{option}", fault, StringComparison.Ordinal);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    private static List<string> Faults(string option, string value)
    {
        var faults = new List<string>();
        SettingsLoader.Bind(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create($"Otlp:{option}", (string?)value)]).Build(), faults);
        return faults;
    }
}
