using Microsoft.Extensions.Logging;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Publish;
using StreamScorer.Score;
using StreamScorer.Settle;
using StreamScorer.Topics;

namespace StreamScorer;

/// <summary>What a backfill read, and what became of it.</summary>
/// <param name="IsWhole">False: a signal ended it before the end of the range.</param>
internal sealed record BackfillCounts(long Read, long Scored, long DeadLettered, long Filtered, bool IsWhole)
{
    public bool AddsUp => Read == Scored + DeadLettered + Filtered;
}

/// <summary>Scores a range once more, or for the first time, beside the live workers: same engine and same pipeline, another source, no group.</summary>
internal static class Backfill
{
    /// <exception cref="StartupException">Something a person can cure; the message says what and how.</exception>
    public static async Task<BackfillCounts> RunAsync(Settings settings, RangeBound from, RangeBound? to, Progress progress, ILoggerFactory loggers, TimeProvider time, CancellationToken stop)
    {
        var range = await RangeAsync(settings, from, to);
        using var telemetry = new Telemetry(time);
        var health = new HealthState(settings.Operate, time);
        using var engine = Engine.Open(settings, telemetry, health, time, loggers);
        engine.Reserve();
        var ledger = new OffsetLedger();

        // Transactions would gain nothing: without a group there are no offsets to commit with the outcomes.
        var producers = new ProducerFactory(settings with { Settle = settings.Settle with { Delivery = Delivery.AtLeastOnce } }, telemetry, time, loggers.CreateLogger<ProducerFactory>());
        using var publish = new AtLeastOnceStage(new OutcomeSender(telemetry, time), ledger, producers, telemetry, health, time);
        var compose = new ComposeStage(engine.Outcomes, telemetry, health, time);
        var source = new RangeSource(settings, range, engine.Intake, ledger, progress, time);
        await engine.Pipeline.RunAsync(abort => source.RunAsync(stop, abort), compose, publish, settings.Pipeline.DrainTimeout, stop);
        var counted = telemetry.Read();
        return new BackfillCounts(source.Read, counted.Scored, counted.DeadLettered, counted.Filtered, IsWhole: !stop.IsCancellationRequested);
    }

    private static async Task<TopicRange> RangeAsync(Settings settings, RangeBound from, RangeBound? to)
    {
        using var cluster = Cluster.Connect(settings.Kafka);
        foreach (var topic in new[] { settings.Publish.ScoredTopic, settings.Publish.FlaggedTopic, settings.Publish.DeadLetterTopic })
        {
            cluster.Partitions(topic); // told before the model is loaded, and before the broker might make the topic
        }

        return await TopicRange.ResolveAsync(cluster, settings.Consume.Topic, from, to);
    }
}
