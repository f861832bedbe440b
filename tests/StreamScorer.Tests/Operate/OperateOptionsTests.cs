using System.ComponentModel.DataAnnotations;
using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class OperateOptionsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:9464")]
    [InlineData("http://localhost:80/")]
    [InlineData("http://0.0.0.0:9464")]
    [InlineData("http://[::]:0")]
    public void Validate_ShouldAccept(string url) => Assert.Empty(Faults(new OperateOptions { Url = url }));

    [Theory]
    [InlineData("127.0.0.1:9464", "")]
    [InlineData("https://127.0.0.1:9464", "only http is served")]
    [InlineData("http://127.0.0.1:9464/metrics", "nothing may follow the port")]
    [InlineData("http://example.org:9464", "must be an IP address or localhost")]
    [InlineData("http://127.0.0.1:99999", "not a URL")]
    public void Validate_ShouldTellTheRule_WhenTheUrlIsWrong(string url, string part)
    {
        var fault = Assert.Single(Faults(new OperateOptions { Url = url }));

        Assert.StartsWith("Url must be http://ADDRESS:PORT", fault, StringComparison.Ordinal);
        Assert.Contains(part, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0123456789abcdef", true, 0)]
    [InlineData("0123456789abcde", false, 1)]
    [InlineData("0123456789 abcdef", false, 1)]
    [InlineData("0123456789abcdéf", false, 1)]
    [InlineData(null, true, 1)]
    public void Validate_ShouldRefuse_WhenTheKeyIsWeak_OrMissing(string? key, bool guard, int faults)
        => Assert.Equal(faults, Faults(new OperateOptions { ApiKey = key, GuardMetrics = guard }).Count);

    [Fact]
    public void Validate_ShouldRefuse_WhenALimitIsZero()
        => Assert.Equal(2, Faults(new OperateOptions { LoopLimit = TimeSpan.Zero, DeviceLimit = TimeSpan.Zero }).Count);

    private static List<string> Faults(OperateOptions options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return [.. results.Select(result => result.ErrorMessage!)];
    }
}
