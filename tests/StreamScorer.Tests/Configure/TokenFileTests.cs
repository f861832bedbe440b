using System.Buffers.Text;
using System.Text;
using StreamScorer.Configure;
using StreamScorer.Tests.Operate;

namespace StreamScorer.Tests.Configure;

public sealed class TokenFileTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly ManualTime _time = new();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Read_ShouldTakeSubjectAndEndFromTheClaims()
    {
        var end = _time.GetUtcNow().ToUnixTimeSeconds() + 60;

        var (token, principal, ends) = Read(Jwt($$"""{"sub":"worker","exp":{{end}}}""") + "\r\n");

        Assert.Equal(Jwt($$"""{"sub":"worker","exp":{{end}}}"""), token);
        Assert.Equal(("worker", end), (principal, ends.ToUnixTimeSeconds()));
    }

    [Theory]
    [InlineData("opaque")]
    [InlineData("a.b.c")]
    [InlineData("a.%%.c")]
    public void Read_ShouldReadAgainInFiveMinutes_WhenTheTokenDoesNotTellItsEnd(string token)
        => Assert.Equal((token, "streamscorer", _time.GetUtcNow().AddMinutes(5)), Read(token));

    [Theory]
    [InlineData("""{"exp":"soon"}""")]
    [InlineData("""{"sub":7}""")]
    [InlineData("[]")]
    [InlineData("""{"exp":1e300}""")]
    public void Read_ShouldNotTrip_OverOddClaims(string claims) => Assert.Equal(_time.GetUtcNow().AddMinutes(5), Read(Jwt(claims)).End);

    [Fact]
    public void Read_ShouldSayThatTheFileWasNotRenewed_WhenTheTokenHasEnded()
    {
        var token = Jwt($$"""{"exp":{{_time.GetUtcNow().ToUnixTimeSeconds() - 1}}}""");

        var fault = Assert.Throws<FormatException>(() => Read(token));

        Assert.Contains($"the token in {_file} ended at ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(token[..10], fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ShouldRefuse_WhenTheFileIsEmpty() => Assert.Contains("is empty", Assert.Throws<FormatException>(() => Read(" \n")).Message, StringComparison.Ordinal);

    private (string Token, string Principal, DateTimeOffset End) Read(string text)
    {
        File.WriteAllText(_file, text);
        return new TokenFile(_file, _time).Read();
    }

    private static string Jwt(string claims) => $"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.c2ln";
}
