using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.InteropServices;
using StreamScorer.Consume;

namespace StreamScorer.Operate;

/// <summary>What is true now: read by callbacks when somebody asks. Each is there once the pipeline has said how to read it.</summary>
internal sealed partial class Telemetry
{
    /// <summary>The program's.</summary>
    public static readonly string Version = typeof(Telemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static readonly KeyValuePair<string, object?>[] BuildTags =
    [
        new("version", Version),
        new("runtime", RuntimeInformation.FrameworkDescription),
    ];

    private readonly DateTimeOffset _startedAt;
    private readonly LabelledCounts _otlpFailures = new("signal", "metrics", "traces");
    private readonly LabelledCounts _policyChanges = new("result", "taken", "refused");
    private readonly LabelledCounts _readinessChanges = new("to", "ready", "not_ready");
    private volatile Action<Entry>? _settled;
    private volatile Func<long>? _inFlight;
    private volatile Func<IReadOnlyDictionary<PauseReasons, int>>? _paused;
    private volatile Func<HealthReport>? _ready;
    private volatile int _tokenBudget;
    private volatile IReadOnlyList<(Func<int> Depth, KeyValuePair<string, object?> Tag)> _queues = [];
    private volatile KeyValuePair<string, object?>[]? _model;
    private volatile KeyValuePair<string, object?>[]? _policy;

    /// <param name="see">Gets every record that has its acknowledged outcome; must be quick, and must not throw.</param>
    public void ObserveOutcomes(Action<Entry> see) => _settled = see;

    /// <param name="records">Records consumed and not yet settled.</param>
    public void ObserveInFlight(Func<long> records) => _inFlight = records;

    /// <param name="partitions">Partitions whose reading is paused, by each reason.</param>
    public void ObservePaused(Func<IReadOnlyDictionary<PauseReasons, int>> partitions) => _paused = partitions;

    /// <param name="queue">Few fixed names, such as <c>intake</c>.</param>
    /// <param name="depth">What waits in it, in the queue's own unit (records, micro-batches).</param>
    public void ObserveQueue(string queue, Func<int> depth) => _queues = [.. _queues, (depth, new("queue", queue))];

    public void ObserveReady(Func<HealthReport> ready) => _ready = ready;

    /// <summary>The worker became ready, or stopped being so.</summary>
    public void ReadinessChanged(bool ready) => _readinessChanges.Add(ready ? "ready" : "not_ready");

    public void ModelInfo(string name, string version, string sha256, string device)
        => _model = [new("name", name), new("version", version), new("sha256", sha256), new("device", device)];

    /// <summary>The policy's file changed while the worker ran.</summary>
    public void PolicyChanged(bool taken) => _policyChanges.Add(taken ? "taken" : "refused");

    public void PolicyInfo(string version) => _policy = [new("version", version)];

    /// <param name="signal"><c>metrics</c> or <c>traces</c>.</param>
    public void OtlpFailed(string signal) => _otlpFailures.Add(signal);

    private void CreateGauges()
    {
        Meter.CreateObservableGauge("streamscorer.consumer.lag_records", MeasureLag, "{record}", "Records between the position and the end of a partition that is ours.");
        Meter.CreateObservableGauge("streamscorer.in_flight_records", () => One(_inFlight), "{record}", "Records consumed and not yet settled.");
        Meter.CreateObservableGauge("streamscorer.paused_partitions", MeasurePaused, "{partition}", "Partitions whose reading is paused, by reason.");
        Meter.CreateObservableGauge("streamscorer.queue_depth", MeasureQueues, null, "What waits before a step, in the queue's own unit.");
        Meter.CreateObservableGauge("streamscorer.token_budget_tokens", MeasureTokenBudget, null, "Tokens that one model call may hold; less than Group:MaxTokens after the device ran out of memory.");
        Meter.CreateObservableGauge("streamscorer.ready", MeasureReady, null, "1: the worker is ready, as /health/ready says.");
        Meter.CreateObservableGauge("streamscorer.readiness_check", MeasureChecks, null, "1: this check of /health/ready holds.");
        Meter.CreateObservableGauge("streamscorer.model_info", () => Info(_model), null, "The model that is served, always 1.");
        Meter.CreateObservableGauge("streamscorer.policy_info", () => Info(_policy), null, "The policy that decides, always 1.");
        Meter.CreateObservableGauge("streamscorer.build_info", () => Info(BuildTags), null, "The program, always 1.");
        Meter.CreateObservableGauge("streamscorer.native_heap.in_use", MeasureNativeHeap, "By", "What the C library has handed out and not got back; what it keeps free is not in it.");
        Meter.CreateObservableGauge("streamscorer.start_time", () => _startedAt.ToUnixTimeMilliseconds() / 1_000.0, "s", "When the worker started, Unix time.");
    }

    private static IEnumerable<Measurement<int>> Info(KeyValuePair<string, object?>[]? tags) => tags is null ? [] : [new Measurement<int>(1, tags)];

    private static IEnumerable<Measurement<T>> One<T>(Func<T>? read)
        where T : struct
        => read is null ? [] : [new Measurement<T>(read())];

    /// <summary>Why partitions are not read now.</summary>
    public IEnumerable<string> PausedBy => _paused?.Invoke().Where(pair => pair.Value > 0).Select(pair => PauseNames[pair.Key]) ?? [];

    private IEnumerable<Measurement<int>> MeasurePaused()
        => _paused?.Invoke().Select(pair => new Measurement<int>(pair.Value, new KeyValuePair<string, object?>("reason", PauseNames[pair.Key]))) ?? [];

    private IEnumerable<Measurement<int>> MeasureQueues() => _queues.Select(queue => new Measurement<int>(queue.Depth(), queue.Tag));

    private IEnumerable<Measurement<int>> MeasureTokenBudget() => _tokenBudget > 0 ? [new Measurement<int>(_tokenBudget)] : [];

    private static IEnumerable<Measurement<long>> MeasureNativeHeap() => NativeHeap.InUse() is { } bytes ? [new Measurement<long>(bytes)] : [];

    private IEnumerable<Measurement<int>> MeasureReady() => _ready is { } ready ? [new Measurement<int>(ready().Ok ? 1 : 0)] : [];

    private IEnumerable<Measurement<int>> MeasureChecks()
        => _ready?.Invoke().Checks.Select(check => new Measurement<int>(check.Ok ? 1 : 0, new KeyValuePair<string, object?>("check", check.Name))) ?? [];

    private IEnumerable<Measurement<long>> MeasureLag()
        => _partitions.Values.Where(p => p.Lag != PartitionCounts.NoLag).Select(p => new Measurement<long>(p.Lag, p.Tags));
}
