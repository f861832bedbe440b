using System.Diagnostics;
using StreamScorer.Operate;

namespace StreamScorer.Tests.Operate;

public sealed class PromtoolTests
{
    [Fact]
    public async Task Render_ShouldPassPromtool()
    {
        var promtool = Find();
        Assert.SkipWhen(promtool is null, "promtool is not on the path; install the Debian package prometheus, or Prometheus itself.");
        using var telemetry = new Telemetry(TimeProvider.System);
        using var page = new MetricsPage(telemetry);
        MetricsPageTests.Fill(telemetry);
        telemetry.ModelInfo("quote \" backslash \\ line\nfeed", "1", "ab", "cpu");
        telemetry.EndToEnd(double.PositiveInfinity, double.NaN);

        var (code, output) = await CheckAsync(promtool, page.Render());

        Assert.True(code == 0 && output.Length == 0, $"promtool check metrics ended with {code}:\n{output}");
    }

    [Fact]
    public async Task Promtool_ShouldComplain_WhenACounterLacksItsSuffix()
    {
        var promtool = Find();
        Assert.SkipWhen(promtool is null, "promtool is not on the path; install the Debian package prometheus, or Prometheus itself.");

        var (code, _) = await CheckAsync(promtool, "# HELP a b\n# TYPE a counter\na 1\n");

        Assert.NotEqual(0, code);
    }

    private static string? Find()
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);

    private static async Task<(int Code, string Output)> CheckAsync(string promtool, string page)
    {
        using var process = Process.Start(new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(page);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return (process.ExitCode, await output + await errors);
    }
}
