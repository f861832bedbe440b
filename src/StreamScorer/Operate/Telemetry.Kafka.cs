using System.Collections.Frozen;
using StreamScorer.Consume;

namespace StreamScorer.Operate;

/// <content>What is counted of Kafka: assignment, back-pressure, transactions, errors.</content>
internal sealed partial class Telemetry
{
    private static readonly FrozenDictionary<PauseReasons, string> PauseNames =
        Names<PauseReasons>().Where(name => name.Key != PauseReasons.None).ToFrozenDictionary();

    private readonly LabelledCounts _rebalances = new("kind", "assigned", "revoked", "lost");
    private readonly LabelledCounts _pauses = new("reason", [.. PauseNames.Values]);
    private readonly LabelledCounts _transactionsAborted = new("reason", "revoked", "failed", "expired", "stopped");
    private readonly LabelledCounts _outputErrors = new("topic");
    private readonly LabelledCounts _clientErrors = new("client", "consumer", "producer");
    private long _transactionsCommitted;
    private long _commitFailures;
    private long _produceFailures;
    private long _produceRetries;

    /// <param name="kind"><c>assigned</c>, <c>revoked</c> or <c>lost</c>.</param>
    public void Rebalanced(string kind) => _rebalances.Add(kind);

    public void TransactionCommitted(double seconds)
    {
        Interlocked.Increment(ref _transactionsCommitted);
        _transactionCommitDuration.Record(seconds);
    }

    /// <param name="reason"><c>revoked</c>, <c>failed</c>, <c>expired</c> or <c>stopped</c>.</param>
    public void TransactionAborted(string reason) => _transactionsAborted.Add(reason);

    public void CommitFailed() => Interlocked.Increment(ref _commitFailures);

    public void ProduceFailed() => Interlocked.Increment(ref _produceFailures);

    public void ProduceRetried() => Interlocked.Increment(ref _produceRetries);

    /// <summary>The partition is ours: its counters exist from now on, at 0.</summary>
    public void Assigned(string topic, int partition) => Of(topic, partition);

    /// <summary>The partition is no longer ours: its lag is another worker's to tell. Its totals stay.</summary>
    public void Unassigned(string topic, int partition) => Of(topic, partition).Lag = PartitionCounts.NoLag;

    /// <param name="lag">Records between the position and the end of the partition.</param>
    public void Lag(string topic, int partition, long lag) => Of(topic, partition).Lag = lag;

    /// <summary>Reading has paused for these reasons too, which did not hold before.</summary>
    public void Paused(PauseReasons reasons)
    {
        foreach (var (reason, name) in PauseNames)
        {
            if (reasons.HasFlag(reason))
            {
                _pauses.Add(name);
            }
        }
    }

    /// <summary>A record for this output was not accepted, whatever is done about it.</summary>
    public void OutputFailed(string topic) => _outputErrors.Add(topic);

    /// <param name="client"><c>consumer</c> or <c>producer</c>.</param>
    public void ClientFailed(string client) => _clientErrors.Add(client);

    /// <summary>Topics that are written to; their counters exist from now on, at 0.</summary>
    public void KnownOutputs(params ReadOnlySpan<string> topics)
    {
        foreach (var topic in topics)
        {
            _outputErrors.Know(topic);
        }
    }
}
