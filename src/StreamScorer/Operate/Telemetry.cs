using System.Collections.Concurrent;
using System.Collections.Frozen;
using StreamScorer.Shared.Contracts;
using StreamScorer.Shared.Infer;
using StreamScorer.Shared.Judge;

namespace StreamScorer.Operate;

/// <summary>
/// What the pipeline counts. Totals are our own cells, read by the meter when somebody asks, so that counting a record costs a look-up and an
/// increment, allocates nothing, and the terminal screen and the metrics cannot disagree. Thread-safe.
/// </summary>
/// <remarks>Every metric is in <c>docs/metrics.md</c>; the instruments are in Telemetry.Instruments.cs.</remarks>
internal sealed partial class Telemetry
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    // An enum as a label costs a string each time unless it is made once.
    private static readonly FrozenDictionary<RejectReason, string> ReasonNames = Names<RejectReason>();
    private static readonly FrozenDictionary<Decision, string> DecisionNames = Names<Decision>();
    private static readonly FrozenDictionary<InferenceFailure, string> FailureNames = Names<InferenceFailure>();

    private static readonly FrozenDictionary<string, KeyValuePair<string, object?>> StepTags =
        new[] { "decode", "encode", "group", "infer", "judge", "compose", "publish", "settle" }
            .ToFrozenDictionary(step => step, StepTag, StringComparer.Ordinal);

    private static readonly FrozenDictionary<Decision, KeyValuePair<string, object?>> DecisionTags =
        DecisionNames.ToFrozenDictionary(name => name.Key, name => new KeyValuePair<string, object?>("decision", name.Value));

    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly ConcurrentDictionary<(string Topic, int Partition), PartitionCounts> _partitions = new();
    private readonly LabelledCounts _decisions = new("decision", [.. DecisionNames.Values]);
    private readonly LabelledCounts _deadLetters = new("reason", [.. ReasonNames.Values]);
    private readonly LabelledCounts _filtered = new("reason", "tombstone");
    private readonly LabelledCounts _flags = new("flag");
    private readonly ThresholdCounts _crossings = new();
    private readonly LabelledCounts _microBatches = new("sealed_by", "ready", "records", "bytes");
    private readonly LabelledCounts _tokens = new("kind", "real", "padding");
    private readonly LabelledCounts _inferenceFailures = new("failure", [.. FailureNames.Values]);
    private readonly LabelledCounts _stepTime = new("step", [.. StepTags.Keys]);
    private readonly SizeCounts _tokenBatches = new();
    private readonly LatencyWindow _endToEnd;
    private readonly LatencyWindow _inProcess;
    private long _truncated;
    private long _restarts;

    public static string NameOf(RejectReason reason) => ReasonNames[reason];

    public static string NameOf(Decision decision) => DecisionNames[decision];

    /// <summary>One record was taken from the topic.</summary>
    public void Consumed(string topic, int partition) => Of(topic, partition).AddConsumed();

    /// <summary>One record was scored and its result acknowledged.</summary>
    public void Scored(string topic, int partition, Decision decision)
    {
        Of(topic, partition).AddScored();
        _decisions.Add(DecisionNames[decision]);
    }

    public void DeadLettered(string topic, int partition, RejectReason reason)
    {
        Of(topic, partition).AddDeadLettered();
        _deadLetters.Add(ReasonNames[reason]);
    }

    /// <param name="reason">Few fixed values, such as <c>tombstone</c>: each becomes a time series.</param>
    public void Filtered(string topic, int partition, string reason)
    {
        Of(topic, partition).AddFiltered();
        _filtered.Add(reason);
    }

    /// <summary>One record was given up before it had an outcome; it will be read again.</summary>
    public void Voided(string topic, int partition) => Of(topic, partition).AddVoided();

    public void Flagged(string flag) => _flags.Add(flag);

    /// <summary>A label's probability reached a threshold of the policy.</summary>
    /// <param name="band">Which one: <c>review</c> or <c>flag</c>.</param>
    public void Crossed(string head, string label, Decision band) => _crossings.Add(head, label, band);

    /// <summary>A scored post was longer than the model reads.</summary>
    public void Truncated() => Interlocked.Increment(ref _truncated);

    /// <param name="secondsSinceCreated">From the creation of a scored post, as the record tells it, to its acknowledged outcome; one from the future counts as 0.</param>
    public void PostAge(Decision decision, double secondsSinceCreated) => _postAge.Record(Math.Max(0, secondsSinceCreated), DecisionTags[decision]);

    /// <summary>The record has its acknowledged outcome; for whoever watches.</summary>
    public void Settled(Entry entry) => _settled?.Invoke(entry);

    /// <param name="sealedBy">What ended it: <c>ready</c>, <c>records</c> or <c>bytes</c>.</param>
    public void MicroBatch(int records, int tokens, string sealedBy)
    {
        _microBatches.Add(sealedBy);
        _microBatchRecords.Record(records);
        _microBatchTokens.Record(tokens);
    }

    /// <param name="paddedTokens">Tokens the device worked on, padding included; equal to <paramref name="tokens"/> without padding.</param>
    public void TokenBatch(int rows, int tokens, int paddedTokens)
    {
        _tokens.Add("real", tokens);
        _tokens.Add("padding", Math.Max(0, paddedTokens - tokens));
        _tokenBatches.Add(tokens, rows);
        _tokenBatchRows.Record(rows);
        _tokenBatchTokens.Record(tokens);
    }

    /// <summary>A model call was answered.</summary>
    public void ModelCall(double seconds) => _modelCallDuration.Record(seconds);

    /// <summary>A model call failed, whether or not it went well later.</summary>
    public void InferenceFailed(InferenceFailure failure) => _inferenceFailures.Add(FailureNames[failure]);

    /// <param name="tokens">What one model call may hold now.</param>
    public void TokenBudget(int tokens) => _tokenBudget = tokens;

    /// <param name="step">A step of the data path in lower case: decode, encode, group, infer, judge, compose, publish, settle.</param>
    public void Step(string step, double seconds)
    {
        _stepTime.Add(step, (long)(seconds * 1e9));
        _stepDuration.Record(seconds, StepTags.TryGetValue(step, out var tag) ? tag : StepTag(step));
    }

    /// <summary>One record has its acknowledged outcome.</summary>
    /// <param name="secondsSinceRecordTimestamp">By the clocks of two machines, so it may be negative; that counts as 0.</param>
    public void EndToEnd(double secondsSinceRecordTimestamp, double secondsSinceConsumed)
    {
        var endToEnd = Math.Max(0, secondsSinceRecordTimestamp);
        _endToEnd.Record(endToEnd);
        _inProcess.Record(secondsSinceConsumed);
        _endToEndDuration.Record(endToEnd);
        _inProcessDuration.Record(secondsSinceConsumed);
    }

    /// <summary>The process before died with records at work.</summary>
    public void Restarted() => Interlocked.Increment(ref _restarts);

    /// <summary>What the policy can raise; the counters of it exist from now on, at 0.</summary>
    public void KnownFlags(PolicyJudge judge)
    {
        foreach (var flag in judge.FlagNames)
        {
            _flags.Know(flag);
        }

        foreach (var (head, label, review, flag) in judge.Thresholds(language: null))
        {
            _crossings.Know(head, label, review is not null, flag is not null);
        }
    }

    public Snapshot Read()
    {
        var partitions = _partitions.Values;
        var (decisions, deadLetters, tokens) = (_decisions.Read(), _deadLetters.Read(), _tokens.Read());

        // Outcomes before what came in: a record counted in between looks unsettled, never settled twice.
        var (scored, dead, filtered) = (partitions.Sum(p => p.Scored), partitions.Sum(p => p.DeadLettered), partitions.Sum(p => p.Filtered));
        var voided = partitions.Sum(p => p.Voided);
        return new Snapshot
        {
            Uptime = _time.GetElapsedTime(_started),
            Scored = scored,
            DeadLettered = dead,
            Filtered = filtered,
            Voided = voided,
            Consumed = partitions.Sum(p => p.Consumed),
            Decisions = DecisionNames.ToDictionary(name => name.Key, name => decisions[name.Value]),
            DeadLetters = ReasonNames.ToDictionary(name => name.Key, name => deadLetters[name.Value]),
            FilteredBy = _filtered.Read(),
            Flags = _flags.Read(),
            MicroBatches = _microBatches.Read().Values.Sum(),
            Tokens = (tokens["real"], tokens["padding"]),
            TokenBatches = _tokenBatches.Read(),
            StepSeconds = _stepTime.Read().ToDictionary(step => step.Key, step => step.Value / 1e9),
            Lag = partitions.Sum(p => Math.Max(0, p.Lag)),
            EndToEnd = _endToEnd.Read(),
            InProcess = _inProcess.Read(),
        };
    }

    /// <summary>Ages of the outcomes of the last seconds, as <see cref="Snapshot.EndToEnd"/>.</summary>
    public LatencySummary Age(int seconds) => _endToEnd.Read(seconds);

    /// <summary>Every partition that was ours since the process began, by topic and number.</summary>
    public IReadOnlyList<PartitionCounts> Partitions()
        => [.. _partitions.OrderBy(pair => pair.Key.Topic, StringComparer.Ordinal).ThenBy(pair => pair.Key.Partition).Select(pair => pair.Value)];

    private PartitionCounts Of(string topic, int partition)
        => _partitions.TryGetValue((topic, partition), out var counts) ? counts
            : _partitions.GetOrAdd((topic, partition), static key => new PartitionCounts(key.Topic, key.Partition));

    private static KeyValuePair<string, object?> StepTag(string step) => new("step", step);

    private static FrozenDictionary<T, string> Names<T>()
        where T : struct, Enum
        => Enum.GetValues<T>().ToFrozenDictionary(value => value, value => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
}
