using System.Diagnostics;
using Confluent.Kafka;

namespace Soak;

/// <summary>How fast a soak is sent, and when it ends.</summary>
/// <param name="Rate">Records a second; 0: as fast as it goes.</param>
/// <param name="IsFull">Whether nothing more should be sent for now, after so many; null: never.</param>
/// <param name="Time">Ends then, whether all is sent or not; null: when all is sent.</param>
internal sealed record Pace(double Rate, Func<int, bool>? IsFull = null, TimeSpan? Time = null);

/// <summary>Sends the records of a soak in their order, at a rate. Every few hundred are followed by a transaction that is aborted: offsets without a record, and ghosts that nobody may answer.</summary>
internal sealed class SoakProducer(IReadOnlyDictionary<string, string> client, SoakTopics topics, int seed, int count)
{
    /// <summary>Number of a record that must never have an outcome, because its transaction was aborted.</summary>
    public const int Ghost = -1;

    private int _acknowledged;

    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Records in all, once it is done.</summary>
    public int Sent { get; private set; }

    public bool Done { get; private set; }

    public async Task RunAsync(Pace pace, CancellationToken stop)
    {
        // Not transactional, so that a slow transaction does not slow the load; one producer and idempotence keep the order.
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(Config(null)).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        using var ghosts = new ProducerBuilder<byte[]?, byte[]?>(Config($"ghosts-{topics.Posts}")).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        Error? failed = null;
        var watch = Stopwatch.StartNew();
        var haunting = Task.CompletedTask;
        try
        {
            await SendAllAsync();
        }
        finally
        {
            await haunting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // the client does not bear to be disposed of during a call
        }

        async Task SendAllAsync()
        {
            var number = 0;
            for (; number < count && watch.Elapsed < (pace.Time ?? TimeSpan.MaxValue); number++)
            {
                var ahead = pace.Rate == 0 ? 0 : (number / pace.Rate) - watch.Elapsed.TotalSeconds;
                if (ahead > 0.01)
                {
                    await Task.Delay(TimeSpan.FromSeconds(ahead), stop);
                }

                while (pace.IsFull?.Invoke(number) == true)
                {
                    await Task.Delay(20, stop);
                }

                stop.ThrowIfCancellationRequested();
                await SendAsync(producer, SoakRecord.Make(seed, number).Message(seed), e => failed ??= e, stop);
                if (number % 500 == 250 && haunting.IsCompleted)
                {
                    haunting = Task.Run(() => Haunt(ghosts), stop);
                }

                if (failed is { } error)
                {
                    throw new InvalidOperationException($"A post could not be sent: {error.Reason} ({error.Code}). The numbers would not add up, so the soak ends.");
                }
            }

            await Task.Run(() => producer.Flush(stop), stop);
            await haunting;
            Sent = number;
            Done = Acknowledged == Sent ? true : throw new InvalidOperationException($"Only {Acknowledged} of {Sent} posts were acknowledged{(failed is null ? "" : $": {failed.Reason}")}.");
        }
    }

    private async Task SendAsync(IProducer<byte[]?, byte[]?> producer, Message<byte[]?, byte[]?> message, Action<Error> fail, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                producer.Produce(topics.Posts, message, report =>
                {
                    if (report.Error.IsError)
                    {
                        fail(report.Error);
                    }
                    else
                    {
                        Interlocked.Increment(ref _acknowledged);
                    }
                });
                return;
            }
            catch (ProduceException<byte[]?, byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                await Task.Delay(20, stop);
            }
        }
    }

    private bool _begun;

    private void Haunt(IProducer<byte[]?, byte[]?> ghosts)
    {
        try
        {
            if (!_begun)
            {
                ghosts.InitTransactions(TimeSpan.FromSeconds(30));
                _begun = true;
            }

            ghosts.BeginTransaction();
            var ghost = SoakRecord.Make(seed, 0) with { Number = Ghost };
            for (var i = 0; i < 5; i++)
            {
                ghosts.Produce(topics.Posts, ghost.Message(seed));
            }

            ghosts.Flush(TimeSpan.FromSeconds(30));
            ghosts.AbortTransaction(TimeSpan.FromSeconds(30));
        }
        catch (KafkaException)
        {
            // A broker is being killed just now; there will be other ghosts. The transaction ends by its timeout at the latest.
            TryAbort(ghosts);
        }
    }

    private static void TryAbort(IProducer<byte[]?, byte[]?> ghosts)
    {
        try
        {
            ghosts.AbortTransaction(TimeSpan.FromSeconds(30));
        }
        catch (KafkaException)
        {
            // The same.
        }
    }

    private ProducerConfig Config(string? transactionalId) => new(client.ToDictionary())
    {
        EnableIdempotence = true,
        Acks = Acks.All,
        LingerMs = 10,
        MessageTimeoutMs = transactionalId is null ? 300_000 : 10_000,
        TransactionTimeoutMs = transactionalId is null ? null : 10_000,
        TransactionalId = transactionalId,
        CompressionType = CompressionType.Lz4,
        MessageMaxBytes = 2 << 20,
        Partitioner = Partitioner.Murmur2Random,
    };
}
