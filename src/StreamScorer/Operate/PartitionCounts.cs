namespace StreamScorer.Operate;

/// <summary>Totals of one partition since the process began. Written by several threads.</summary>
internal sealed class PartitionCounts(string topic, int partition)
{
    /// <summary>Lag is not known, or the partition is no longer ours.</summary>
    public const long NoLag = -1;

    private long _consumed;
    private long _scored;
    private long _deadLettered;
    private long _filtered;
    private long _voided;
    private long _lag = NoLag;

    public string Topic { get; } = topic;

    public int Partition { get; } = partition;

    // Made once: at each scrape every partition is tagged several times.
    public KeyValuePair<string, object?>[] Tags { get; } = Tagged(topic, partition);

    public KeyValuePair<string, object?>[] ScoredTags { get; } = Tagged(topic, partition, "scored");

    public KeyValuePair<string, object?>[] DeadLetteredTags { get; } = Tagged(topic, partition, "dead_lettered");

    public KeyValuePair<string, object?>[] FilteredTags { get; } = Tagged(topic, partition, "filtered");

    public KeyValuePair<string, object?>[] VoidedTags { get; } = Tagged(topic, partition, "voided");

    public long Consumed => Interlocked.Read(ref _consumed);

    public long Scored => Interlocked.Read(ref _scored);

    public long DeadLettered => Interlocked.Read(ref _deadLettered);

    public long Filtered => Interlocked.Read(ref _filtered);

    public long Voided => Interlocked.Read(ref _voided);

    public long Lag
    {
        get => Interlocked.Read(ref _lag);
        set => Interlocked.Exchange(ref _lag, value);
    }

    public void AddConsumed() => Interlocked.Increment(ref _consumed);

    public void AddScored() => Interlocked.Increment(ref _scored);

    public void AddDeadLettered() => Interlocked.Increment(ref _deadLettered);

    public void AddFiltered() => Interlocked.Increment(ref _filtered);

    public void AddVoided() => Interlocked.Increment(ref _voided);

    private static KeyValuePair<string, object?>[] Tagged(string topic, int partition, string? outcome = null)
        => outcome is null
            ? [new("topic", topic), new("partition", partition)]
            : [new("topic", topic), new("partition", partition), new("outcome", outcome)];
}
