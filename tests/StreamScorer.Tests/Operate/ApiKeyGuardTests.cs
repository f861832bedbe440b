using System.Net;
using Microsoft.AspNetCore.Http;
using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class ApiKeyGuardTests
{
    private const string Key = "0123456789abcdef";

    [Theory]
    [InlineData("/health/live", null)]
    [InlineData("/metrics", null)]
    [InlineData("/", 403)]
    [InlineData("/console", 403)]
    [InlineData("/healthy", 403)]
    [InlineData("/metrics/more", 403)]
    public async Task Guard_ShouldServeOnlyHealthAndMetrics_BeyondTheMachine_WithoutAKey(string path, int? refused)
        => Assert.Equal(refused, await AskAsync(new OperateOptions(), IPAddress.Any, path));

    [Theory]
    [InlineData("localhost", null)]
    [InlineData("127.0.0.1", null)]
    [InlineData("[::1]", null)]
    [InlineData("rebound.example.org", 403)]
    public async Task Guard_ShouldServeThisMachine_WithoutAKey(string host, int? refused)
        => Assert.Equal(refused, await AskAsync(new OperateOptions(), IPAddress.Loopback, "/console", host: host));

    [Theory]
    [InlineData("/console", null, null, 401)]
    [InlineData("/console", "Authorization", "Bearer " + Key, null)]
    [InlineData("/console", "Authorization", "bearer " + Key, null)]
    [InlineData("/console", "X-Api-Key", Key, null)]
    [InlineData("/console", "Authorization", Key, 401)]
    [InlineData("/console", "Authorization", "Basic " + Key, 401)]
    [InlineData("/console", "Authorization", "Basic YW5uOjAxMjM0NTY3ODlhYmNkZWY=", null)] // any name, and the key
    [InlineData("/console", "Authorization", "Basic YW5uOjAxMjM0NTY3ODlhYmNkZWYw", 401)]
    [InlineData("/console", "X-Api-Key", Key + "0", 401)]
    [InlineData("/console", "X-Api-Key", "", 401)]
    [InlineData("/metrics", null, null, null)]
    [InlineData("/health/ready", null, null, null)]
    public async Task Guard_ShouldAskForTheKey_EvenOnThisMachine(string path, string? header, string? value, int? refused)
    {
        var options = new OperateOptions { ApiKey = Key };

        Assert.Equal(refused, await AskAsync(options, IPAddress.Loopback, path, header, value));
        Assert.Equal(refused, await AskAsync(options, IPAddress.Any, path, header, value));
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData(Key, null)]
    public async Task Guard_ShouldAskForTheKeyOfMetricsToo_WhenToldSo(string? key, int? refused)
        => Assert.Equal(refused, await AskAsync(new OperateOptions { ApiKey = Key, GuardMetrics = true }, IPAddress.Any, "/metrics", "X-Api-Key", key));

    /// <returns>The status of the refusal; null when it was let through.</returns>
    private static async Task<int?> AskAsync(OperateOptions options, IPAddress address, string path, string? header = null, string? value = null, string host = "localhost")
    {
        var context = new DefaultHttpContext { Request = { Path = path, Host = new HostString(host) } };
        if (header is not null)
        {
            context.Request.Headers[header] = value;
        }

        var passed = false;
        await new ApiKeyGuard(options, address).InvokeAsync(context, _ =>
        {
            passed = true;
            return Task.CompletedTask;
        });
        return passed ? null : context.Response.StatusCode;
    }
}
