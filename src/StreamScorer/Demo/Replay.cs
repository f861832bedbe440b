using Confluent.Kafka;
using StreamScorer.Configure;

namespace StreamScorer.Demo;

/// <summary>Sends the records of the demo to a topic at their pace.</summary>
internal sealed class Replay(IEnumerable<DemoRecord> records, ReplayOptions options, OutcomeBook book, TimeProvider time)
{
    /// <summary>Fine enough for an even flow, coarse enough that the producer sends batches.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly Pace _pace = new(options);
    private long _started = -1;

    /// <summary>True while a burst is on; for the screen.</summary>
    public bool IsBurst => Interlocked.Read(ref _started) is var started and >= 0 && _pace.IsBurst(time.GetElapsedTime(started));

    /// <summary>Sends until the records end or <paramref name="stop"/>, and returns when everything sent is acknowledged or has failed.</summary>
    public async Task RunAsync(KafkaOptions kafka, string topic, CancellationToken stop)
    {
        using var producer = new ProducerBuilder<byte[], byte[]?>(ClientConfiguration(kafka)).SetOAuthBearerTokenRefreshHandler(kafka.TokenHandler).SetLogHandler((_, _) => { }).Build();
        using var next = records.GetEnumerator();
        Interlocked.Exchange(ref _started, time.GetTimestamp());
        var due = 0.0;
        var allowance = 0.0;
        while (!stop.IsCancellationRequested)
        {
            var now = _pace.Due(time.GetElapsedTime(_started));
            allowance += now - due;
            due = now;

            // What cannot be sent in its time is not sent later in a flood, it is left out.
            var room = Math.Max(0, options.MaxWaiting - book.Waiting);
            allowance = Math.Min(allowance, room);
            for (; allowance >= 1; allowance--)
            {
                if (!next.MoveNext())
                {
                    await FlushAsync(producer);
                    return;
                }

                Send(producer, topic, next.Current);
            }

            await Task.Delay(Tick, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await FlushAsync(producer);
    }

    private void Send(IProducer<byte[], byte[]?> producer, string topic, DemoRecord record)
    {
        book.Sent();
        var message = new Message<byte[], byte[]?>
        {
            Key = record.Key,
            Value = record.Value(time.GetUtcNow()),
            Headers = [new Header(DemoRecord.NumberHeader, System.Text.Encoding.ASCII.GetBytes(FormattableString.Invariant($"{record.Number}")))],
        };
        try
        {
            producer.Produce(topic, message, report => book.Acknowledged(record.Defect == Defect.Tombstone, report.Status == PersistenceStatus.Persisted));
        }
        catch (ProduceException<byte[], byte[]?>)
        {
            // Per-record tier: counted, and the reckoning at the end tells of it.
            book.Acknowledged(record.Defect == Defect.Tombstone, persisted: false);
        }
    }

    /// <summary>Ends by itself: after the delivery timeout a record has failed.</summary>
    private static Task FlushAsync(IProducer<byte[], byte[]?> producer) => Task.Run(() => producer.Flush(CancellationToken.None));

    private static ProducerConfig ClientConfiguration(KafkaOptions kafka)
    {
        var config = kafka.Client<ProducerConfig>();
        config.Acks = Acks.All;
        config.EnableIdempotence = true;
        config.LingerMs = 10; // the embedded broker answers a fetch with one producer batch, so records sent one by one are read slowly
        config.MessageTimeoutMs = 30_000;
        config.MessageMaxBytes = 8 << 20;
        config.Partitioner = Partitioner.Murmur2Random;
        config.DeliveryReportFields = "status";
        return config;
    }
}
