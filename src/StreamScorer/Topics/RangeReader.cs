using Confluent.Kafka;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;

namespace StreamScorer.Topics;

/// <summary>
/// Reads a range of a topic once, in order per partition, through an assignment of its own: it joins no group and commits nothing. Ends
/// where the range ends, however many of its offsets hold no record (compaction, transaction markers, aborted transactions).
/// </summary>
/// <param name="value">Makes of the value's bytes what the caller needs of them, without a copy where it can.</param>
internal sealed class RangeReader<TValue>(KafkaOptions kafka, IsolationLevel isolation, IDeserializer<TValue> value)
{
    /// <summary>Silence after which something is wrong: longer than a change of a leader takes, and than the transaction that a killed worker leaves open.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(75);

    /// <param name="take">Called for each record on the calling thread. Its time is not limited: nobody expels this consumer.</param>
    /// <exception cref="StartupException">The broker refuses, has lost the records meanwhile, or gives nothing for too long.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public void Read(TopicRange range, Action<ConsumeResult<byte[]?, TValue>> take, CancellationToken stop)
    {
        var open = range.Ranges.Where(r => r.From < r.To).ToDictionary(r => new TopicPartition(range.Topic, r.Partition), r => r.To);
        if (open.Count == 0)
        {
            return;
        }

        using var consumer = Build();
        consumer.Assign(range.Ranges.Where(r => r.From < r.To).Select(r => new TopicPartitionOffset(range.Topic, r.Partition, r.From)));
        var seen = TimeProvider.System.GetTimestamp();
        var waitsAt = new Dictionary<TopicPartition, long>();
        while (open.Count > 0)
        {
            stop.ThrowIfCancellationRequested();
            var result = Next(consumer, range.Topic);
            if (result is not null && open.TryGetValue(result.TopicPartition, out var end))
            {
                if (!result.IsPartitionEOF && result.Offset < end)
                {
                    take(result);
                }

                seen = TimeProvider.System.GetTimestamp(); // after it: the caller's own time is no silence
                waitsAt[result.TopicPartition] = result.Offset;
                if (result.Offset >= (result.IsPartitionEOF ? end : end - 1))
                {
                    open.Remove(result.TopicPartition);
                    consumer.Pause([result.TopicPartition]); // what lies behind the range need not be fetched
                }
            }
            else if (TimeProvider.System.GetElapsedTime(seen) > Patience)
            {
                throw Stalled(open.First(), waitsAt);
            }
        }
    }

    private static ConsumeResult<byte[]?, TValue>? Next(IConsumer<byte[]?, TValue> consumer, string topic)
    {
        try
        {
            return consumer.Consume(TimeSpan.FromMilliseconds(200));
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_TimedOut or ErrorCode.Local_Resolve or ErrorCode.Local_MaxPollExceeded)
        {
            return null; // pressure tier: the client reconnects by itself, and the reader's patience ends it
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            throw new StartupException($"Partition {e.ConsumerRecord.Partition.Value} of '{topic}' has lost offset {e.ConsumerRecord.Offset.Value} while it was being read: its retention has deleted it. Begin later.");
        }
        catch (ConsumeException e)
        {
            throw Cluster.Fault($"Reading '{topic}'", e.Error, $"Grant this user READ on topic '{topic}'.");
        }
    }

    private StartupException Stalled(KeyValuePair<TopicPartition, long> partition, Dictionary<TopicPartition, long> waitsAt)
    {
        var (topic, number) = (partition.Key.Topic, partition.Key.Partition.Value);
        return waitsAt.TryGetValue(partition.Key, out var at)
            ? new StartupException($"Partition {number} of '{topic}' gave nothing after offset {at} for {Patience.TotalSeconds:F0} s and ends at {partition.Value}: an open transaction holds its readers there, or its leader does not answer (kafka-transactions.sh find-hanging; --isolation read_uncommitted, where the command has it, reads past it).")
            : new StartupException($"Partition {number} of '{topic}' gave nothing at all for {Patience.TotalSeconds:F0} s: its leader does not answer, or an open transaction holds its readers at the start.");
    }

    private IConsumer<byte[]?, TValue> Build()
    {
        var config = kafka.Client<ConsumerConfig>();
        config.GroupId = kafka.GroupId; // the client wants one; without a subscription or a commit the group never hears of it
        config.GroupInstanceId = null;
        config.EnableAutoCommit = false;
        config.EnableAutoOffsetStore = false;
        config.EnablePartitionEof = true;
        config.AutoOffsetReset = AutoOffsetReset.Error;
        config.IsolationLevel = isolation;
        config.QueuedMaxMessagesKbytes = 32_768;
        config.Set("fetch.queue.backoff.ms", "5");
        return new ConsumerBuilder<byte[]?, TValue>(config)
            .SetKeyDeserializer(Bytes.Instance)
            .SetValueDeserializer(value)
            .SetOAuthBearerTokenRefreshHandler(kafka.TokenHandler)
            .SetErrorHandler((_, _) => { })
            .SetLogHandler((_, _) => { })
            .Build();
    }
}
