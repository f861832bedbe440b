using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using StreamScorer.Configure;
using StreamScorer.Consume;
using StreamScorer.Operate;
using StreamScorer.Operate.Otlp;
using StreamScorer.Operate.Page;
using StreamScorer.Publish;
using StreamScorer.Recover;
using StreamScorer.Settle;
using StreamScorer.Shared.Infer;

namespace StreamScorer;

/// <summary>The worker as one piece: engine, Kafka on both ends, metrics and health. <c>run</c> and <c>demo</c> run the same one.</summary>
internal sealed partial class Worker : IAsyncDisposable
{
    private readonly Settings _settings;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CrashGuard _guard;
    private OperateEndpoint? _endpoint;
    private ConsolePage? _page;
    private OtlpExport? _otlp;

    private Worker(Settings settings, Engine engine, CrashGuard guard, Telemetry telemetry, HealthState health, ILoggerFactory loggers, TimeProvider time)
    {
        (_settings, Engine, _guard, Telemetry, Health, _loggers, _time) = (settings, engine, guard, telemetry, health, loggers, time);
        _logger = loggers.CreateLogger<Worker>();
    }

    public Engine Engine { get; }

    public Telemetry Telemetry { get; }

    public HealthState Health { get; }

    /// <summary>Where the console page, metrics and health answer; null when the endpoint is off.</summary>
    public string? Url => _endpoint?.Url;

    /// <summary>Null when it is off.</summary>
    public ConsolePage? Page => _page;

    /// <summary>Loads the model, asks the brokers for the topics and opens the metrics endpoint.</summary>
    /// <exception cref="StartupException">Something a person can cure is missing; the message says what and how.</exception>
    /// <param name="wrap">Puts something before the model, such as faults that a test makes.</param>
    public static async Task<Worker> OpenAsync(Settings settings, ILoggerFactory loggers, TimeProvider time, Func<IScorer, IScorer>? wrap = null)
    {
        var telemetry = new Telemetry(time);
        var health = new HealthState(settings.Operate, time);
        var guard = CrashGuard.Open(settings, telemetry, loggers.CreateLogger<CrashGuard>());
        var otlp = OtlpExport.Start(settings.Otlp, settings.Kafka.GroupId, telemetry, time, loggers.CreateLogger<OtlpExport>(), Environment.GetEnvironmentVariable);
        var engine = Engine.Open(settings, telemetry, health, time, loggers, wrap, guard, otlp?.Tracer);
        var worker = new Worker(settings, engine, guard, telemetry, health, loggers, time) { _otlp = otlp };
        try
        {
            if (await Preflight.CheckAsync(settings) is { Count: > 0 } faults)
            {
                throw new StartupException(string.Join('\n', faults));
            }

            engine.Reserve();
            var identity = engine.Bundle.Identity;
            telemetry.ModelInfo(identity.Name, identity.Version, identity.Sha256, engine.Device);
            telemetry.PolicyInfo(engine.Policy.Policy.Version);
            telemetry.ObserveReady(health.Ready);
            telemetry.KnownFlags(engine.Policy.Judge);
            telemetry.KnownOutputs(settings.Publish.ScoredTopic, settings.Publish.FlaggedTopic, settings.Publish.DeadLetterTopic);
            worker._page = ConsolePage.Open(settings, engine, telemetry, health, time);
            worker._endpoint = await OperateEndpoint.StartAsync(settings.Operate, telemetry, health, worker._page);
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }

        engine.Policy.Start(settings.Model.PolicyInterval, time);
        LogServing(worker._logger, engine.Bundle.Identity.Name, engine.Bundle.Identity.Version, engine.Device, engine.DeviceReason, engine.Bundle.Policy.Version);
        if (worker._page is not null)
        {
            LogPage(worker._logger, worker.Url!);
        }

        return worker;
    }

    /// <summary>Scores the stream until <paramref name="stop"/>, then drains, commits and leaves the group.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var draining = stop.UnsafeRegister(_ => Drain(), null);
        var ledger = new OffsetLedger();
        using var consume = new ConsumeStage(_settings, Engine.Intake, ledger, Telemetry, Health, _time, _loggers.CreateLogger<ConsumeStage>());
        Observe(consume);
        var compose = new ComposeStage(Engine.Outcomes, Telemetry, Health, _time);
        using var publish = Publish(consume, ledger);
        await using var watch = new StatusWatch(Health, Telemetry, _settings.Operate.StatusInterval, _time, _loggers.CreateLogger<StatusWatch>()).Start();
        LogReading(_logger, _settings.Consume.Topic, _settings.Kafka.BootstrapServers, _settings.Kafka.GroupId);
        try
        {
            await Engine.Pipeline.RunAsync(consume, compose, publish, _settings.Pipeline.DrainTimeout, stop);
            _guard.Rest(committed: true);
            LogStopped(_logger);
        }
        catch (Exception e) when (e is KafkaException or DeliveryException or TransactionException or TimeoutException)
        {
            _guard.Rest(committed: false); // the brokers or the drain limit, and not the records at work
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The page first: its event streams end, so that the endpoint need not wait for them.
        if (_page is not null)
        {
            await _page.DisposeAsync();
        }

        if (_endpoint is not null)
        {
            await _endpoint.DisposeAsync();
        }

        if (_otlp is not null)
        {
            await _otlp.DisposeAsync();
        }

        await Engine.Policy.DisposeAsync();
        Engine.Dispose();
        _guard.Dispose();
        Telemetry.Dispose();
    }

    private IPublishStage Publish(ConsumeStage consume, OffsetLedger ledger)
    {
        var producers = new ProducerFactory(_settings, Telemetry, _time, _loggers.CreateLogger<ProducerFactory>());
        var sender = new OutcomeSender(Telemetry, _time);
        return _settings.Settle.Delivery == Delivery.AtLeastOnce
            ? new AtLeastOnceStage(sender, ledger, producers, Telemetry, Health, _time)
            : new ExactlyOnceStage(
                sender, ledger, () => consume.Membership, () => consume.Backlog, new TransactionalProducer(producers.Build, _settings.Settle, Health, _time, _loggers.CreateLogger<TransactionalProducer>()),
                _settings.Settle, Telemetry, Health, _time, _loggers.CreateLogger<ExactlyOnceStage>());
    }

    private void Drain()
    {
        Health.Draining();
        LogStopping(_logger, Telemetry.Read().Unsettled, _settings.Pipeline.DrainTimeout);
    }

    /// <summary>What is true at the moment somebody asks.</summary>
    private void Observe(ConsumeStage consume)
    {
        Telemetry.ObserveInFlight(() => Telemetry.Read().Unsettled);
        Telemetry.ObservePaused(() => consume.Paused);
        Telemetry.ObserveQueue("intake", () => Engine.Intake.Waiting.Records);
    }

    /// <summary>The model is loaded and warm.</summary>
    /// <remarks>Is it the device that you pay for? The reason says why not a GPU.</remarks>
    [LoggerMessage(1201, LogLevel.Information, "Serving {Model} {Version} on {Device} ({Reason}), policy {Policy}.")]
    private static partial void LogServing(ILogger logger, string model, string version, string device, string reason, string policy);

    /// <summary>At start, when the console page is on.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1204, LogLevel.Information, "Console page: {Url}")]
    private static partial void LogPage(ILogger logger, string url);

    /// <summary>The worker joins its group.</summary>
    /// <remarks>If no 1010 follows: the group is still rebalancing, or has more workers than partitions.</remarks>
    [LoggerMessage(1202, LogLevel.Information, "Reading '{Topic}' from {Servers} as group '{Group}'.")]
    private static partial void LogReading(ILogger logger, string topic, string servers, string group);

    /// <summary>SIGTERM or Ctrl-C came: what no step has begun is left to the next owner, the few micro-batches in flight are finished.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1208, LogLevel.Information, "Stopping: no more is read; the {InFlight} records at work are finished within {Limit}.")]
    private static partial void LogStopping(ILogger logger, long inFlight, TimeSpan limit);

    /// <summary>The drain is over and the last commit made; exit code 0.</summary>
    /// <remarks>-</remarks>
    [LoggerMessage(1203, LogLevel.Information, "Stopped: everything that was read is settled and committed.")]
    private static partial void LogStopped(ILogger logger);
}
