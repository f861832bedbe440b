using Microsoft.AspNetCore.Http;
using StreamScorer.Operate.Page;

namespace StreamScorer.Tests.Operate.Page;

public sealed class RequestGuardTests
{
    [Theory]
    [InlineData("localhost:9464", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("127.0.0.1:9464", true)]
    [InlineData("127.8.0.1", true)]
    [InlineData("[::1]:9464", true)]
    [InlineData("attacker.example:9464", false)]
    [InlineData("127.0.0.1.attacker.example", false)]
    [InlineData("localhost.attacker.example", false)]
    [InlineData("192.168.1.4:9464", false)]
    [InlineData("", false)]
    public void IsForLocalHost_ShouldKnowTheNamesOfThisMachine(string host, bool expected)
        => Assert.Equal(expected, RequestGuard.IsForLocalHost(Request(host)));

    [Theory]
    [InlineData(null, null, false)] // a program
    [InlineData("same-origin", "http://localhost:9464", false)]
    [InlineData("none", null, false)] // typed by a person
    [InlineData("cross-site", "https://attacker.example", true)]
    [InlineData("same-site", "http://localhost:3000", true)] // another program's page on this machine
    [InlineData("cross-site", null, true)]
    [InlineData(null, "http://localhost:9464", false)] // an older browser
    [InlineData(null, "http://localhost:3000", true)]
    [InlineData(null, "https://attacker.example", true)]
    [InlineData(null, "null", true)] // a sandboxed frame, or a file
    public void IsCrossSite_ShouldBelieveTheBrowser(string? site, string? origin, bool expected)
    {
        var request = Request("localhost:9464");
        request.Headers["Sec-Fetch-Site"] = site;
        request.Headers.Origin = origin;

        Assert.Equal(expected, RequestGuard.IsCrossSite(request));
    }

    private static HttpRequest Request(string host)
    {
        var request = new DefaultHttpContext().Request;
        request.Host = new HostString(host);
        return request;
    }
}
