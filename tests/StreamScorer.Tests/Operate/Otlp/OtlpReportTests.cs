using StreamScorer.Operate;
using StreamScorer.Operate.Otlp;

namespace StreamScorer.Tests.Operate.Otlp;

public sealed class OtlpReportTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly ListLogger<OtlpExport> _logger = new();
    private readonly Telemetry _telemetry;
    private readonly OtlpReport _report;

    public OtlpReportTests()
    {
        _telemetry = new Telemetry(_time);
        _report = new OtlpReport(new Uri("http://collector:4317"), _telemetry, _time, _logger);
    }

    public void Dispose() => _telemetry.Dispose();

    [Fact]
    public void Failed_ShouldTellOnceAMinute_HowManyPushesWereMissed()
    {
        for (var second = 0; second < 120; second++)
        {
            _report.Failed("metrics", "nobody listens.");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(
            [
                (1502, "Telemetry (metrics) does not reach http://collector:4317/: nobody listens. The stream goes on without; pushes missed: 1."),
                (1502, "Telemetry (metrics) does not reach http://collector:4317/: nobody listens. The stream goes on without; pushes missed: 60."),
            ],
            _logger.Lines.Select(line => (line.Id, line.Message)));
    }

    [Fact]
    public void Delivered_ShouldTellOnce_WhenEverySignalGoesThroughAgain()
    {
        _report.Failed("metrics", "x.");
        _report.Failed("traces", "x.");
        _report.Delivered("metrics");
        Assert.Single(_logger.Lines);

        _report.Delivered("traces");
        _report.Delivered("traces");

        Assert.Equal([1502, 1503], _logger.Lines.Select(line => line.Id));
    }

    [Fact]
    public void Failed_ShouldKeepSilent_WhenTheWorkerHasEnded()
    {
        _report.End();

        _report.Failed("metrics", "x.");

        Assert.Empty(_logger.Lines);
    }
}
