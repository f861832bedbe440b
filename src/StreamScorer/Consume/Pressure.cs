namespace StreamScorer.Consume;

/// <summary>Why partitions are not read. All that are ours share them, because they share the intake and the outputs.</summary>
[Flags]
internal enum PauseReasons
{
    None = 0,

    /// <summary>As many records wait as may wait.</summary>
    Records = 1,

    /// <summary>As many bytes wait as may wait.</summary>
    Bytes = 2,

    /// <summary>Kafka has not accepted an output for a while: what came in now would only wait.</summary>
    Output = 4,

    /// <summary>The worker stops.</summary>
    Draining = 8,
}

/// <summary>
/// Weighs what speaks against reading on. Full at the limit, and until it is half empty: the gap matters, because librdkafka drops what it has prefetched of a paused
/// partition, so flapping would fetch everything twice.
/// </summary>
internal sealed class Pressure(ConsumeOptions options)
{
    /// <summary>Many times what an acknowledgement takes, and much less than what it may take (Publish:DeliveryTimeout).</summary>
    public static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(5);

    private volatile int _reasons;

    public PauseReasons Reasons => (PauseReasons)_reasons;

    /// <param name="unanswered">How long the oldest output has not been accepted.</param>
    public PauseReasons Weigh(int records, long bytes, TimeSpan unanswered, bool draining)
    {
        _reasons = (int)(Full(PauseReasons.Records, records, options.MaxBufferedRecords)
            | Full(PauseReasons.Bytes, bytes, options.MaxBufferedBytes)
            | (unanswered >= StallLimit ? PauseReasons.Output : 0)
            | (draining ? PauseReasons.Draining : 0));
        return Reasons;
    }

    private PauseReasons Full(PauseReasons reason, long waiting, long limit)
        => waiting >= limit || (Reasons.HasFlag(reason) && waiting > limit / 2) ? reason : PauseReasons.None;
}
