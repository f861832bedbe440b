namespace StreamScorer.Operate.Page;

/// <summary>Reads all that the page shows.</summary>
/// <param name="facts">What serves now; asked anew for each browser that comes.</param>
/// <param name="readAhead">Records that were fetched and wait.</param>
internal sealed class PageSource(Func<PageFacts> facts, Telemetry telemetry, HealthState health, ScoreHistograms scores, LatestPosts latest, Func<int> readAhead, TimeProvider time)
{
    /// <summary>A topic may have thousands; those that lag most are the ones to look at.</summary>
    private const int MaxPartitions = 48;

    private static readonly string[] Steps = ["decode", "encode", "group", "infer", "judge", "publish"];

    public Telemetry Telemetry => telemetry;

    public ScoreHistograms Scores => scores;

    public Func<PageFacts> Facts => facts;

    public long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <param name="before">The beginning of the last minute, for what is told of it.</param>
    public PageSnapshot Snapshot(Snapshot now, Snapshot before, PageSample sample)
    {
        var (ready, live) = (health.Ready(), health.Live());
        var (flagged, dead) = latest.Read();
        var partitions = telemetry.Partitions();
        return new PageSnapshot
        {
            Sample = sample,
            Uptime = Math.Round(now.Uptime.TotalSeconds, 1),
            Ready = ready.Ok && live.Ok,
            Faults = [.. ready.Checks.Concat(live.Checks).Where(check => !check.Ok).Select(check => $"{check.Name}: {check.Why}")],
            Totals = new PageTotals(now.Consumed, now.Scored, now.DeadLettered, now.Filtered, now.Voided, now.Unsettled, readAhead(), now.Lag),
            Decisions = now.Decisions.ToDictionary(any => any.Key.ToString().ToLowerInvariant(), any => any.Value),
            Flags = now.Flags,
            DeadLetters = Reasons(now),
            Partitions = [.. Shown(partitions).Select(Partition)],
            MorePartitions = Math.Max(0, partitions.Count - MaxPartitions),
            Steps = [.. Steps.Select(step => Step(step, now, before))],
            Batches = Batches(now, before),
            Scores = scores.Read(),
            Flagged = flagged,
            Dead = dead,
        };
    }

    private static Dictionary<string, long> Reasons(Snapshot now) => now.DeadLetters
        .Where(any => any.Value > 0)
        .ToDictionary(any => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(any.Key.ToString()), any => any.Value);

    private static IEnumerable<PartitionCounts> Shown(IReadOnlyList<PartitionCounts> all)
        => all.Count <= MaxPartitions ? all : all.OrderByDescending(partition => partition.Lag).Take(MaxPartitions);

    private static PagePartition Partition(PartitionCounts own)
    {
        var settled = own.Scored + own.DeadLettered + own.Filtered + own.Voided;
        var consumed = own.Consumed; // after the outcomes: a record counted in between looks unsettled, never settled twice
        return new PagePartition(own.Topic, own.Partition, consumed, consumed - settled, own.Lag == PartitionCounts.NoLag ? null : own.Lag);
    }

    private static PageStep Step(string step, Snapshot now, Snapshot before)
    {
        var worked = now.StepSeconds[step] - before.StepSeconds[step];
        var (seconds, posts) = ((now.Uptime - before.Uptime).TotalSeconds, now.Outcomes - before.Outcomes);
        return new PageStep(step, seconds <= 0 ? 0 : Math.Round(worked / seconds, 4), posts <= 0 ? 0 : Math.Round(worked / posts, 7));
    }

    private static PageBatches Batches(Snapshot now, Snapshot before)
    {
        long[] calls = [.. now.TokenBatches.ByTokens.Zip(before.TokenBatches.ByTokens, (a, b) => a - b)];
        double count = Math.Max(1, calls.Sum());
        var (real, padding) = (now.Tokens.Real - before.Tokens.Real, now.Tokens.Padding - before.Tokens.Padding);
        var seconds = (now.Uptime - before.Uptime).TotalSeconds;
        return new PageBatches(
            calls,
            seconds <= 0 ? 0 : Math.Round(calls.Sum() / seconds, 2),
            Math.Round(real / count, 1),
            Math.Round((now.TokenBatches.Rows - before.TokenBatches.Rows) / count, 1),
            real + padding == 0 ? 0 : Math.Round(padding / (double)(real + padding), 4));
    }
}
