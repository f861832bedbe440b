using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Settle;

namespace StreamScorer.Consume;

/// <summary>
/// Owns the Kafka consumer: poll, pause and resume, rebalance, commit, all on one thread, so that none of them can race
/// another. What it polled goes into the <see cref="Intake"/>. When that is full it waits a moment for room, and then pauses the
/// partitions and polls on, however long the model or a producer takes.
/// </summary>
internal sealed partial class ConsumeStage : IDisposable
{
    private readonly Settings _settings;
    private readonly Intake _intake;
    private readonly OffsetLedger _ledger;
    private readonly Telemetry _telemetry;
    private readonly HealthState _health;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IConsumer<byte[]?, byte[]?> _consumer;

    /// <summary>Where reading met the end: behind the last record there may be offsets without one, such as the marks of transactions.</summary>
    private readonly Dictionary<TopicPartition, Offset> _ends = [];
    private CancellationToken _abort;
    private CancellationToken _ending;
    private long _lastCommit;
    private long _lag;
    private readonly Pressure _pressure;
    private readonly LogGate _gate;
    private readonly BrokerWatch _brokers;
    private bool _draining;

    /// <summary>Held while another thread asks the client for our membership.</summary>
    private readonly Lock _membership = new();
    private bool _leaving;

    /// <summary>
    /// Partitions that the client holds as paused. One that left while it was paused still is when it comes back, even if the reason went meanwhile; one that
    /// was not paused is better not resumed, because then the client drops what it has fetched.
    /// </summary>
    private readonly HashSet<TopicPartition> _held = [];

    /// <summary>Partitions came that still have to be paused or resumed like the others: inside the handler that cannot be done yet.</summary>
    private bool _newcomers;

    /// <summary>With transactions the offsets are committed in them, and never from here.</summary>
    private bool Commits => _settings.Settle.Delivery == Delivery.AtLeastOnce;

    public ConsumeStage(Settings settings, Intake intake, OffsetLedger ledger, Telemetry telemetry, HealthState health, TimeProvider time, ILogger<ConsumeStage> logger)
    {
        (_settings, _intake, _ledger, _telemetry, _health, _time, _logger) = (settings, intake, ledger, telemetry, health, time, logger);
        _pressure = new Pressure(settings.Consume);
        _gate = new LogGate(time);
        _consumer = new ConsumerBuilder<byte[]?, byte[]?>(ClientConfiguration(settings))
            .SetKeyDeserializer(Bytes.Instance)
            .SetValueDeserializer(Bytes.Instance)
            .SetPartitionsAssignedHandler((_, partitions) => OnAssigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => OnRevoked(partitions))
            .SetPartitionsLostHandler((_, partitions) => OnLost(partitions))
            .SetErrorHandler((_, error) => Tell(error))
            .SetOAuthBearerTokenRefreshHandler(settings.Kafka.TokenHandler)
            .SetLogHandler((_, message) => LogClient(_logger, message.Facility, message.Message))
            .Build();
        _brokers = new BrokerWatch(_consumer.Handle, settings.Consume.Topic, health, time);
    }

    /// <summary>Our place in the group, for a commit that others make; null while we have none, and from the moment on that we leave it.</summary>
    public IConsumerGroupMetadata? Membership
    {
        get
        {
            lock (_membership)
            {
                if (_leaving)
                {
                    return null;
                }

                // Read twice, because offsets that come without a member are not checked against the group at all.
                var member = _consumer.MemberId;
                var membership = _consumer.ConsumerGroupMetadata;
                return !string.IsNullOrEmpty(member) && member == _consumer.MemberId ? membership : null;
            }
        }
    }

    /// <summary>Records in the partitions that are ours, and polled ones, that no stage has begun.</summary>
    public long Backlog => Volatile.Read(ref _lag) + _intake.Waiting.Records;

    /// <summary>Partitions that are not read, by each reason that holds.</summary>
    public IReadOnlyDictionary<PauseReasons, int> Paused
    {
        get
        {
            var (reasons, owned) = (_pressure.Reasons, _ledger.Owned.Count);
            return Enum.GetValues<PauseReasons>().Where(reason => reason != PauseReasons.None).ToDictionary(reason => reason, reason => reasons.HasFlag(reason) ? owned : 0);
        }
    }

    private bool IsPaused => _pressure.Reasons != PauseReasons.None;

    /// <summary>Polls until <paramref name="stop"/>, then lets the pipeline drain while it keeps the membership alive, commits and leaves the group.</summary>
    /// <param name="abort">Hard stop: no more waiting for the drain. What is settled by then is committed.</param>
    public Task RunAsync(CancellationToken stop, CancellationToken abort)
        => Task.Factory.StartNew(() => Run(stop, abort), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        _intake.Taken -= _room.Set;
        _consumer.Dispose();
        _room.Dispose();
    }

    private void Run(CancellationToken stop, CancellationToken abort)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, abort);
        (_abort, _ending) = (abort, ending.Token);
        using var aborted = abort.UnsafeRegister(_ => _ledger.Abort(), null);
        using var ended = _ending.UnsafeRegister(_ => _room.Set(), null);
        _intake.Taken += _room.Set;
        _consumer.Subscribe(_settings.Consume.Topic);
        try
        {
            while (!_ending.IsCancellationRequested)
            {
                Turn();
            }

            Drain();
        }
        catch (Exception fault)
        {
            // Fatal tier: downstream must see why no more records come; a plain completion would look like a clean end.
            _intake.Complete(fault);
            throw;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Closing revokes the assignment: the revoke handler makes the last commit and the group hears at once that we left.</summary>
    /// <remarks>
    /// Closing also frees the client, and another thread that asks it for our membership at that moment would read freed memory. So what is in flight, which needs
    /// our membership to be committed, is awaited before, and then nobody asks any more.
    /// </remarks>
    private void Leave()
    {
        var owned = _ledger.Owned;
        Withdraw(owned);
        _ = _ledger.WaitSettled(owned, RevokeLimit);
        lock (_membership)
        {
            _leaving = true;
        }

        _consumer.Close();
    }

    /// <summary>One poll. Also the only place where rebalance handlers run.</summary>
    private void Turn()
    {
        _health.Turned("consume");
        Rewind();
        AwaitRoom();
        SteerPressure();
        try
        {
            switch (_consumer.Consume(PollLimit))
            {
                case { IsPartitionEOF: true } end:
                    _ends[end.TopicPartition] = end.Offset;
                    break;
                case { } result:
                    Receive(result);
                    break;
            }
        }
        catch (ConsumeException e) when (e.Tier() == FaultTier.Retriable)
        {
            // Pressure tier: the client reconnects and rejoins by itself with its own back-off; polling on is what lets it.
            Tell(e.Error);
        }

        CommitWhenDue();
    }

    private void Tell(Error error)
    {
        _telemetry.ClientFailed("consumer");
        _brokers.Doubt();
        if (_gate.Opens(1001, (int)error.Code, out var more))
        {
            LogClientError(_logger, error.Code, error.Reason, more);
        }
    }

    private void Receive(ConsumeResult<byte[]?, byte[]?> result)
    {
        if (_draining || _ledger.Consumed(result.TopicPartition, result.Offset.Value) is not { } epoch)
        {
            return; // not counted as consumed, so its offset does not move
        }

        var message = result.Message;
        _intake.Add(new SourceRecord(
            result.Topic,
            result.Partition.Value,
            result.Offset.Value,
            message.Timestamp.UnixTimestampMs,
            message.Key,
            message.Value,
            message.Headers,
            _time.GetUtcNow().ToUnixTimeMilliseconds(),
            _time.GetTimestamp(),
            epoch));
    }

    /// <summary>While paused the poll returns nothing, so it must be short enough to notice that there is room again.</summary>
    private TimeSpan PollLimit => TimeSpan.FromMilliseconds(IsPaused || _draining ? 5 : 100);

    private void CommitWhenDue()
    {
        if (_time.GetElapsedTime(_lastCommit) < _settings.Settle.CommitInterval)
        {
            return;
        }

        _lastCommit = _time.GetTimestamp();
        Commit();
        UpdateLag();
        _brokers.Look();
    }

    /// <summary>What no stage has begun is left to the next owner, so a drain takes as long as the few micro-batches in flight.</summary>
    private void Drain()
    {
        _draining = true;
        Withdraw(_ledger.Owned);
        _intake.Complete();
        while (!_ledger.IsSettled(_ledger.Owned))
        {
            _abort.ThrowIfCancellationRequested();
            Turn(); // still polling: a drain longer than max.poll.interval must not cost the membership
        }
    }

    private static ConsumerConfig ClientConfiguration(Settings settings)
    {
        var config = settings.Kafka.Client<ConsumerConfig>();
        config.GroupId = settings.Kafka.GroupId;
        config.GroupInstanceId = settings.Kafka.GroupInstanceId;
        config.EnableAutoCommit = false;
        config.EnableAutoOffsetStore = false;
        config.EnablePartitionEof = true;
        config.AutoOffsetReset = settings.Consume.StartAt == StartAt.Earliest ? AutoOffsetReset.Earliest : AutoOffsetReset.Latest;
        if (config.Get("group.protocol") is null or "classic")
        {
            config.PartitionAssignmentStrategy = settings.Consume.Assignment;
        }

        // Also makes the client wait, before it starts to read a partition, until the transaction in which its last owner commits it has ended.
        config.IsolationLevel = IsolationLevel.ReadCommitted;

        // librdkafka drops its prefetched records when a partition is paused, so it holds little more than we do.
        config.QueuedMaxMessagesKbytes ??= (int)Math.Clamp(settings.Consume.MaxBufferedBytes / 1024, 1024, 65_536);

        // When its queue is full, the next fetch would wait a whole second by default; a burst would then run dry.
        config.Set("fetch.queue.backoff.ms", config.Get("fetch.queue.backoff.ms") ?? "20");
        return config;
    }

    /// <summary>The client reports an error: brokers that do not answer, a login that failed. It tries again by itself. The same code at most once in 10 s.</summary>
    /// <remarks>One line during a broker's restart is the rule. If they go on: are the brokers up, is <c>Kafka:BootstrapServers</c> right, does the login hold? <c>streamscorer check</c> says which.</remarks>
    [LoggerMessage(1001, LogLevel.Warning, "Kafka consumer: {Code}: {Reason}{More}")]
    private static partial void LogClientError(ILogger logger, ErrorCode code, string reason, string more);

    /// <summary>The client talks of its work (<c>Kafka:Properties:debug</c>).</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1002, LogLevel.Debug, "Kafka consumer {Facility}: {Message}")]
    private static partial void LogClient(ILogger logger, string facility, string message);
}
