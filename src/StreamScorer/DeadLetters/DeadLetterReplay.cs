using Confluent.Kafka;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Topics;

namespace StreamScorer.DeadLetters;

/// <param name="To">Null: each letter goes back to the topic it came from.</param>
/// <param name="MaxReplays">A record that was replayed so often is left where it is: it would go round for ever.</param>
/// <param name="Again">Also what was replayed before.</param>
internal sealed record ReplayRequest(string? To, int MaxReplays, bool Again, bool DryRun);

/// <summary>What became of the letters that matched.</summary>
internal sealed class ReplayCounts
{
    public long Matched { get; set; }

    /// <summary>Copied, or in a dry run: would have been.</summary>
    public long Replayed { get; set; }

    public long Before { get; set; }

    public long Looping { get; set; }

    public long WithoutValue { get; set; }
}

/// <summary>
/// Copies originals back, a transaction for each few hundred, together with the markers that keep them from being copied twice: neither a
/// crash nor a second replay at the same time, which is fenced, makes one go twice.
/// </summary>
internal sealed class DeadLetterReplay(Settings settings, Cluster cluster, DeadLetterTopic topic, ReplayRequest request)
{
    private const int MostRecords = 500;
    private const long MostBytes = 4 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly List<DeadLetter> _open = [];
    private readonly HashSet<string> _known = [];
    private IProducer<byte[]?, byte[]?>? _producer;
    private long _bytes;

    public ReplayCounts Counts { get; } = new();

    public void Run(DeadLetterFilter filter, CancellationToken stop)
    {
        if (request.To is { } to && (to == settings.Publish.DeadLetterTopic || cluster.Partitions(to).Count == 0))
        {
            throw new StartupException($"--to {to}: dead letters cannot be replayed into their own topic.");
        }

        using (_producer = request.DryRun ? null : Connect())
        {
            topic.Read(filter, Take, stop);
            Send();
        }
    }

    private void Take(DeadLetter letter, bool replayed)
    {
        Counts.Matched++;
        if (replayed && !request.Again)
        {
            Counts.Before++;
        }
        else if (letter.Replays >= request.MaxReplays)
        {
            Counts.Looping++;
        }
        else if (letter.Value is null)
        {
            Counts.WithoutValue++; // a record without a value is never a dead letter: what was there has been withheld or erased
        }
        else
        {
            if (_known.Add(Target(letter)))
            {
                cluster.Partitions(Target(letter)); // otherwise the broker might make the topic
            }

            _open.Add(letter);
            _bytes += letter.Value.Length;
            if (_open.Count >= MostRecords || _bytes >= MostBytes)
            {
                Send();
            }
        }
    }

    private string Target(DeadLetter letter) => request.To ?? letter.SourceTopic;

    private void Send()
    {
        if (_producer is not null && _open.Count > 0)
        {
            Transact(_producer);
        }

        Counts.Replayed += _open.Count;
        _open.Clear();
        _bytes = 0;
    }

    private void Transact(IProducer<byte[]?, byte[]?> producer)
    {
        Error? refused = null;
        void Report(DeliveryReport<byte[]?, byte[]?> report) => refused ??= report.Error.IsError ? report.Error : null;
        try
        {
            producer.BeginTransaction();
            foreach (var letter in _open)
            {
                producer.Produce(Target(letter), letter.Original(), Report);
                producer.Produce(new TopicPartition(settings.Publish.DeadLetterTopic, letter.Partition), ReplayMarker.For(letter, Target(letter)), Report);
            }

            producer.CommitTransaction(Limit);
        }
        catch (KafkaException e)
        {
            throw Abort(producer, refused ?? e.Error);
        }
    }

    private StartupException Abort(IProducer<byte[]?, byte[]?> producer, Error error)
    {
        try
        {
            producer.AbortTransaction(Limit);
        }
        catch (KafkaException)
        {
            // Per-call tier: the broker aborts it by itself when its time is over; the first error is the one to tell.
        }

        return Cluster.Fault($"The replay ended after {Counts.Replayed} dead letters, the next {_open.Count} were taken back", error, "Grant this user WRITE on the topics named, and on the transactional id.");
    }

    private IProducer<byte[]?, byte[]?> Connect()
    {
        var config = settings.Kafka.Client<ProducerConfig>();
        config.TransactionalId = $"streamscorer-replay-{settings.Publish.DeadLetterTopic}";
        config.EnableIdempotence = true;
        config.Acks = Acks.All;
        config.LingerMs = 5;
        config.CompressionType ??= settings.Publish.Compression;
        config.MessageMaxBytes ??= settings.Publish.MaxMessageBytes;
        config.Partitioner ??= Partitioner.Murmur2Random; // the worker's, so that a key's records stay together
        var producer = new ProducerBuilder<byte[]?, byte[]?>(config).SetOAuthBearerTokenRefreshHandler(settings.Kafka.TokenHandler).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        try
        {
            producer.InitTransactions(Limit);
            return producer;
        }
        catch (KafkaException e)
        {
            producer.Dispose();
            throw Cluster.Fault("The replay could not begin a transaction", e.Error, $"Grant this user WRITE on the transactional id '{config.TransactionalId}'.");
        }
    }
}
