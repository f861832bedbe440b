using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Settle;

namespace StreamScorer.Consume;

/// <content>Assignment, revocation, commits and the way back after an aborted transaction. Everything here runs on the consume thread.</content>
internal sealed partial class ConsumeStage
{
    private static readonly TimeSpan CommittedLimit = TimeSpan.FromSeconds(5);

    private void OnAssigned(List<TopicPartition> partitions)
    {
        _ledger.Assigned(partitions);
        _newcomers = true;
        foreach (var partition in partitions)
        {
            _telemetry.Assigned(partition.Topic, partition.Partition.Value);
        }

        _health.Assigned(_ledger.Owned.Count);
        _telemetry.Rebalanced("assigned");
        LogAssigned(_logger, partitions.Count, _ledger.Owned.Count);
    }

    /// <summary>
    /// Drain, commit, release, in this order: releasing first would void the completions of the drain and every rolling
    /// deploy would repeat them. With transactions settled means committed; over budget the release is what makes the open one be aborted.
    /// </summary>
    private void OnRevoked(List<TopicPartitionOffset> offsets)
    {
        var partitions = offsets.ConvertAll(o => o.TopicPartition);
        Withdraw(partitions);
        if (!_ledger.WaitSettled(partitions, _leaving ? TimeSpan.Zero : RevokeLimit))
        {
            LogRevokeOverBudget(_logger, partitions.Count, RevokeLimit);
        }

        Commit();
        Release(partitions, "revoked");
    }

    /// <summary>The group has moved on without us: nothing can be committed, what is in flight is void.</summary>
    private void OnLost(List<TopicPartitionOffset> offsets)
    {
        var partitions = offsets.ConvertAll(o => o.TopicPartition);
        Withdraw(partitions);
        Release(partitions, "lost");
    }

    private void Withdraw(IReadOnlyList<TopicPartition> partitions)
    {
        var leaving = partitions.ToHashSet();
        _ledger.Withdrawn(_intake.Withdraw(record => leaving.Contains(new TopicPartition(record.Topic, record.Partition))));
    }

    private void Release(List<TopicPartition> partitions, string how)
    {
        _ledger.Released(partitions);
        foreach (var partition in partitions)
        {
            _telemetry.Unassigned(partition.Topic, partition.Partition.Value);
            _ends.Remove(partition);
        }

        _health.Assigned(_ledger.Owned.Count);
        _telemetry.Rebalanced(how);
        LogReleased(_logger, partitions.Count, how, _ledger.Owned.Count);
    }

    private TimeSpan RevokeLimit => WithinPoll(20_000);

    /// <summary>A quarter of the time after which the broker would expel us, and never more than <paramref name="most"/> milliseconds.</summary>
    private TimeSpan WithinPoll(int most)
    {
        var maxPoll = int.TryParse(_settings.Kafka.Properties.GetValueOrDefault("max.poll.interval.ms"), out var ms) ? ms : 300_000;
        return TimeSpan.FromMilliseconds(Math.Min(most, maxPoll / 4));
    }

    private void Commit()
    {
        if (!Commits || _ledger.Uncommitted() is not { Count: > 0 } offsets)
        {
            return;
        }

        try
        {
            var started = _time.GetTimestamp();
            _consumer.Commit(offsets);
            _ledger.Committed(offsets);
            _telemetry.Step("settle", _time.GetElapsedTime(started).TotalSeconds);
        }
        catch (KafkaException e) when (e.Tier() == FaultTier.Retriable)
        {
            // Pressure tier: the offsets stay uncommitted and the next turn tries again. At worst records are scored twice, never lost.
            _telemetry.CommitFailed();
            if (_gate.Opens(1013, (int)e.Error.Code, out var more))
            {
                LogCommitFailed(_logger, e.Error.Code, e.Error.Reason, more);
            }
        }
    }

    /// <summary>After an aborted transaction: what was in flight is void, and reading goes on where the group is committed.</summary>
    private void Rewind()
    {
        var partitions = _ledger.Rewinding;
        if (partitions.Count == 0 || _draining)
        {
            return; // at the end it is the next owner who reads them again
        }

        Withdraw([.. partitions.Select(p => p.TopicPartition)]);
        try
        {
            var committed = _consumer.Committed(partitions.Select(p => p.TopicPartition), CommittedLimit).ToDictionary(p => p.TopicPartition, p => p.Offset);
            foreach (var partition in partitions)
            {
                var offset = committed[partition.TopicPartition];
                _consumer.Seek(new TopicPartitionOffset(partition.TopicPartition, offset == Offset.Unset ? partition.Offset : offset));
                _ledger.Rewound(partition.TopicPartition);
                _ends.Remove(partition.TopicPartition);
            }

            LogRewound(_logger, partitions.Count);
        }
        catch (KafkaException e) when (!e.Error.IsFatal)
        {
            // Pressure tier: nothing is taken from these partitions until they are rewound; the next turn tries again.
            if (_gate.Opens(1015, (int)e.Error.Code, out var more))
            {
                LogNotRewound(_logger, e.Error.Code, e.Error.Reason, more);
            }
        }
    }

    private void UpdateLag()
    {
        long sum = 0;
        foreach (var position in _ledger.Positions())
        {
            var end = _consumer.GetWatermarkOffsets(position.TopicPartition).High;
            var met = _ends.GetValueOrDefault(position.TopicPartition, -1).Value;
            if (end != Offset.Unset && end.Value >= 0)
            {
                var lag = Math.Max(0, end.Value - Math.Max(position.Offset.Value, met));
                _telemetry.Lag(position.Topic, position.Partition.Value, lag);
                sum += position.Offset.Value <= met ? 0 : lag; // behind the end there may be a transaction that is still open
            }
        }

        Volatile.Write(ref _lag, sum);
    }

    /// <summary>The group gave this worker partitions: at its start, and whenever a worker comes or goes.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1010, LogLevel.Information, "Assigned {Count} partitions; {Total} are ours now.")]
    private static partial void LogAssigned(ILogger logger, int count, int total);

    /// <summary>Partitions went to another worker (revoked), or the group went on without this one (lost).</summary>
    /// <remarks>Revoked: nothing. Lost: the worker was not heard of for <c>session.timeout.ms</c> or did not poll for <c>max.poll.interval.ms</c>. Look for a machine without processor time and for long garbage collections.</remarks>
    [LoggerMessage(1011, LogLevel.Information, "{Count} partitions {How}; {Total} are ours now.")]
    private static partial void LogReleased(ILogger logger, int count, string how, int total);

    /// <summary>A rebalance did not wait for what was in flight. Nothing is lost: with transactions it was aborted, without, some results come twice with the same <c>result_id</c>.</summary>
    /// <remarks>If it repeats: micro-batches take too long for the group (<c>Consume:TargetMicroBatchDuration</c>), or outputs are slow (event 1020).</remarks>
    [LoggerMessage(1012, LogLevel.Warning, "{Count} partitions were revoked and not all of their records were settled within {Limit}; the next owner scores those again.")]
    private static partial void LogRevokeOverBudget(ILogger logger, int count, TimeSpan limit);

    /// <summary>After a transaction that was aborted (event 1120): what was in it comes again.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1014, LogLevel.Information, "{Count} partitions are read again from their committed offsets.")]
    private static partial void LogRewound(ILogger logger, int count);

    /// <summary>After a transaction that was aborted the group's coordinator does not say where to go on. The same code at most once in 10 s.</summary>
    /// <remarks>Look at the brokers, above all at the one that leads the group's partition of <c>__consumer_offsets</c>. Nothing is read from those partitions until it answers.</remarks>
    [LoggerMessage(1015, LogLevel.Warning, "The committed offsets could not be read ({Code}: {Reason}); trying again.{More}")]
    private static partial void LogNotRewound(ILogger logger, ErrorCode code, string reason, string more);

    /// <summary>With at-least-once: a commit failed for a reason that passes. The same code at most once in 10 s.</summary>
    /// <remarks>If it goes on: look at the group's coordinator. A crash meanwhile repeats what is not committed.</remarks>
    [LoggerMessage(1013, LogLevel.Warning, "Offsets were not committed ({Code}: {Reason}); trying again.{More}")]
    private static partial void LogCommitFailed(ILogger logger, ErrorCode code, string reason, string more);
}
