using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Tests.Operate;

public sealed class MetricsPageTests : IDisposable
{
    private readonly Telemetry _telemetry = new(new ManualTime());
    private readonly MetricsPage _page;

    public MetricsPageTests() => _page = new MetricsPage(_telemetry);

    public void Dispose()
    {
        _page.Dispose();
        _telemetry.Dispose();
    }

    [Fact]
    public void Render_ShouldShowKnownCountersAtZero_BeforeAnyEvent()
    {
        _telemetry.Assigned("posts", 3);
        _telemetry.KnownFlags(Judge());
        _telemetry.KnownOutputs("posts.flagged");

        var lines = Lines();

        Assert.Contains("streamscorer_records_consumed_total{partition=\"3\",topic=\"posts\"} 0", lines);
        Assert.Contains("streamscorer_records_total{outcome=\"dead_lettered\",partition=\"3\",topic=\"posts\"} 0", lines);
        Assert.Contains("streamscorer_flags_total{flag=\"hate\"} 0", lines);
        Assert.Contains("streamscorer_threshold_crossings_total{band=\"flag\",head=\"hate\",label=\"hate\"} 0", lines);
        Assert.Contains("streamscorer_commit_failures_total 0", lines);
        Assert.Contains("streamscorer_output_errors_total{topic=\"posts.flagged\"} 0", lines);
        Assert.Contains("streamscorer_client_errors_total{client=\"producer\"} 0", lines);
        Assert.Contains("streamscorer_readiness_changes_total{to=\"not_ready\"} 0", lines);
        Assert.Contains("streamscorer_pauses_total{reason=\"output\"} 0", lines);
        Assert.All(Enum.GetValues<Decision>(), d => Assert.Contains($"streamscorer_decisions_total{{decision=\"{d.ToString().ToLowerInvariant()}\"}} 0", lines));
        Assert.Equal(Enum.GetValues<RejectReason>().Length, lines.Count(line => line.StartsWith("streamscorer_dead_letters_total{", StringComparison.Ordinal)));
    }

    [Fact]
    public void Render_ShouldCountEachOutcome()
    {
        for (var i = 0; i < 4; i++)
        {
            _telemetry.Consumed("posts", 0);
        }

        _telemetry.Scored("posts", 0, Decision.Flag);
        _telemetry.Scored("posts", 0, Decision.Allow);
        _telemetry.DeadLettered("posts", 0, RejectReason.NotJson);
        _telemetry.Filtered("posts", 0, "tombstone");
        _telemetry.Flagged("hate");
        _telemetry.TokenBatch(rows: 4, tokens: 100, paddedTokens: 128);

        var lines = Lines();

        Assert.Contains("streamscorer_records_consumed_total{partition=\"0\",topic=\"posts\"} 4", lines);
        Assert.Contains("streamscorer_records_total{outcome=\"scored\",partition=\"0\",topic=\"posts\"} 2", lines);
        Assert.Contains("streamscorer_records_total{outcome=\"filtered\",partition=\"0\",topic=\"posts\"} 1", lines);
        Assert.Contains("streamscorer_decisions_total{decision=\"flag\"} 1", lines);
        Assert.Contains("streamscorer_dead_letters_total{reason=\"not_json\"} 1", lines);
        Assert.Contains("streamscorer_tokens_total{kind=\"padding\"} 28", lines);
        Assert.Contains("streamscorer_token_batch_rows_count 1", lines);
    }

    [Fact]
    public void Render_ShouldCountAPauseForEachReasonThatIsNew()
    {
        _telemetry.Paused(PauseReasons.Records | PauseReasons.Output);
        _telemetry.Paused(PauseReasons.Output);
        _telemetry.Paused(PauseReasons.None);

        Assert.Equal(
            [
                "streamscorer_pauses_total{reason=\"bytes\"} 0", "streamscorer_pauses_total{reason=\"draining\"} 0",
                "streamscorer_pauses_total{reason=\"output\"} 2", "streamscorer_pauses_total{reason=\"records\"} 1",
            ],
            Lines().Where(line => line.StartsWith("streamscorer_pauses_total{", StringComparison.Ordinal)));
    }

    [Fact]
    public void Render_ShouldTellWhichChecksFail()
    {
        _telemetry.ObserveReady(() => new HealthReport(false, [new("device", true, ""), new("outputs", false, "")]));

        Assert.Contains("streamscorer_ready 0", Lines());
        Assert.Contains("streamscorer_readiness_check{check=\"device\"} 1", Lines());
        Assert.Contains("streamscorer_readiness_check{check=\"outputs\"} 0", Lines());
    }

    [Fact]
    public void Render_ShouldGiveCumulativeBuckets_WhenStepsWereTimed()
    {
        _telemetry.Step("infer", 0.0003);
        _telemetry.Step("infer", 0.2);
        _telemetry.Step("infer", 100);

        var buckets = Lines().Where(line => line.StartsWith("streamscorer_step_duration_seconds_bucket{step=\"infer\"", StringComparison.Ordinal)).ToList();

        Assert.Contains("streamscorer_step_duration_seconds_bucket{step=\"infer\",le=\"0.00025\"} 0", buckets);
        Assert.Contains("streamscorer_step_duration_seconds_bucket{step=\"infer\",le=\"0.0005\"} 1", buckets);
        Assert.Contains("streamscorer_step_duration_seconds_bucket{step=\"infer\",le=\"10\"} 2", buckets);
        Assert.Equal("streamscorer_step_duration_seconds_bucket{step=\"infer\",le=\"+Inf\"} 3", buckets[^1]);
        Assert.Contains("streamscorer_step_duration_seconds_count{step=\"infer\"} 3", Lines());
    }

    [Fact]
    public void Render_ShouldDropTheLag_WhenThePartitionIsRevoked()
    {
        _telemetry.Lag("posts", 0, 7);
        _telemetry.Lag("posts", 1, 9);
        Assert.Contains("streamscorer_consumer_lag_records{partition=\"0\",topic=\"posts\"} 7", Lines());

        _telemetry.Unassigned("posts", 0);

        Assert.Equal(["streamscorer_consumer_lag_records{partition=\"1\",topic=\"posts\"} 9"], Lines().Where(line => line.StartsWith("streamscorer_consumer_lag_records{", StringComparison.Ordinal)));
    }

    [Fact]
    public void Render_ShouldTellOnePolicy_WhenItWasReloaded()
    {
        _telemetry.PolicyInfo("1");
        Lines();
        _telemetry.PolicyInfo("2");

        Assert.Equal(["streamscorer_policy_info{version=\"2\"} 1"], Lines().Where(line => line.StartsWith("streamscorer_policy_info{", StringComparison.Ordinal)));
    }

    [Fact]
    public void Render_ShouldEscapeLabels_WhenTheyHoldQuotesAndLineFeeds()
    {
        _telemetry.ModelInfo("a\"b\\c\nd", "1", "00", "cpu");

        Assert.Contains("streamscorer_model_info{device=\"cpu\",name=\"a\\\"b\\\\c\\nd\",sha256=\"00\",version=\"1\"} 1", Lines());
    }

    [Fact]
    public void Render_ShouldGiveTheSameLinesInTheSameOrder_WhenNothingHappened()
    {
        Fill(_telemetry);

        var first = Lines();

        Assert.Equal(first.Where(IsStill), Lines().Where(IsStill));
        var families = first.Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.Equal(families.Order(StringComparer.Ordinal), families);
        Assert.Equal(families.Distinct(), families);
    }

    [Fact]
    public void Render_ShouldKeepApart_WhenTwoWorkersLiveInOneProcess()
    {
        using var other = new Telemetry(new ManualTime());
        other.Consumed("posts", 5);

        Assert.DoesNotContain(Lines(), line => line.Contains("partition=\"5\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_ShouldKeepEverySeries_WhenThereAreManyPartitionsAndLabels()
    {
        for (var i = 0; i < 5_000; i++)
        {
            _telemetry.Assigned("posts", i);
            _telemetry.Consumed("posts", i);
            _telemetry.Lag("posts", i, 1);
        }

        for (var i = 0; i < 2_000; i++)
        {
            _telemetry.Flagged($"label-{i}");
            _telemetry.Crossed("topics", $"label-{i}", Decision.Review);
            _telemetry.Crossed("topics", $"label-{i}", Decision.Flag);
        }

        var lines = Lines();

        int Series(string name) => lines.Count(line => line.StartsWith($"{name}{{", StringComparison.Ordinal));
        Assert.Equal((20_000, 5_000, 5_000), (Series("streamscorer_records_total"), Series("streamscorer_records_consumed_total"), Series("streamscorer_consumer_lag_records")));
        Assert.Equal((2_000, 4_000), (Series("streamscorer_flags_total"), Series("streamscorer_threshold_crossings_total")));
        Assert.DoesNotContain(lines, line => line.Contains("overflow", StringComparison.Ordinal));
    }

    /// <summary>OpenTelemetry makes room for every series that a metric may have, on the large object heap, before there is one.</summary>
    [Fact]
    public void MetricsPage_ShouldTakeFewMegabytes_BeforeAnythingIsMeasured()
    {
        using var telemetry = new Telemetry(new ManualTime());
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var page = new MetricsPage(telemetry);
        page.Render();

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 8 << 20); // measured: 4.1 MiB; with room for 20,000 series in each counter 62 (by a dump of the heap)
    }

    private static PolicyJudge Judge() => new(TestPipeline.Bundle.Manifest, TestPipeline.Bundle.Policy);

    /// <summary>Makes every instrument give something.</summary>
    internal static void Fill(Telemetry telemetry)
    {
        telemetry.Consumed("posts", 0);
        telemetry.Scored("posts", 0, Decision.Review);
        telemetry.Flagged("hate");
        telemetry.MicroBatch(1, 20, "ready");
        telemetry.TokenBatch(1, 20, 20);
        telemetry.TokenBudget(512);
        telemetry.Step("infer", 0.01);
        telemetry.TransactionCommitted(0.02);
        telemetry.EndToEnd(0.5, 0.1);
        telemetry.PostAge(Decision.Review, 2);
        telemetry.Crossed("hate", "hate", Decision.Review);
        telemetry.ModelCall(0.004);
        telemetry.KnownOutputs("posts.scored");
        telemetry.Lag("posts", 0, 12);
        telemetry.ObserveInFlight(() => 3);
        telemetry.ObservePaused(() => new Dictionary<PauseReasons, int> { [PauseReasons.Bytes] = 1 });
        telemetry.ObserveQueue("intake", () => 2);
        telemetry.ObserveReady(() => new HealthReport(true, [new("model", true, "warm")]));
        telemetry.ModelInfo("m", "1", "ab", "cpu");
        telemetry.PolicyInfo("1");
    }

    // Lines of our own meter; the runtime's move by themselves.
    private List<string> Lines()
        => [.. _page.Render().Split('\n').Where(line => line.Contains("streamscorer_", StringComparison.Ordinal))];

    /// <summary>The native heap is that of the whole process, and other tests take from it and give back meanwhile.</summary>
    private static bool IsStill(string line) => !line.StartsWith("streamscorer_native_heap_in_use_bytes ", StringComparison.Ordinal);
}
