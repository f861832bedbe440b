using System.Diagnostics.Metrics;

namespace StreamScorer.Operate;

/// <summary>
/// The instruments. Named as OpenTelemetry names them; the Prometheus exporter turns dots into underscores and adds the unit and <c>_total</c>.
/// </summary>
internal sealed partial class Telemetry : IDisposable
{
    public const string MeterName = "StreamScorer";

    private static readonly InstrumentAdvice<double> StepBuckets =
        new() { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] };

    // Up to hours: after an outage of the worker the records waited that long.
    private static readonly InstrumentAdvice<double> LatencyBuckets =
        new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200] };

    private static readonly InstrumentAdvice<long> CountBuckets =
        new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144] };

    private readonly Histogram<long> _microBatchRecords;
    private readonly Histogram<long> _microBatchTokens;
    private readonly Histogram<long> _tokenBatchRows;
    private readonly Histogram<long> _tokenBatchTokens;
    private readonly Histogram<double> _stepDuration;
    private readonly Histogram<double> _modelCallDuration;
    private readonly Histogram<double> _transactionCommitDuration;
    private readonly Histogram<double> _endToEndDuration;
    private readonly Histogram<double> _inProcessDuration;
    private readonly Histogram<double> _postAge;

    public Telemetry(TimeProvider time)
    {
        _time = time;
        _started = time.GetTimestamp();
        _startedAt = time.GetUtcNow();
        _endToEnd = new LatencyWindow(time, Window);
        _inProcess = new LatencyWindow(time, Window);
        Meter = new Meter(MeterName);
        _microBatchRecords = Meter.CreateHistogram("streamscorer.micro_batch.records", "{record}", "Records in a micro-batch.", null, CountBuckets);
        _microBatchTokens = Meter.CreateHistogram("streamscorer.micro_batch.tokens", "{token}", "Tokens in a micro-batch, without padding.", null, CountBuckets);
        _tokenBatchRows = Meter.CreateHistogram("streamscorer.token_batch.rows", "{row}", "Different texts in one model call.", null, CountBuckets);
        _tokenBatchTokens = Meter.CreateHistogram("streamscorer.token_batch.tokens", "{token}", "Tokens in one model call, without padding.", null, CountBuckets);
        _stepDuration = Meter.CreateHistogram("streamscorer.step.duration", "s", "Time of one step for one micro-batch.", null, StepBuckets);
        _modelCallDuration = Meter.CreateHistogram("streamscorer.model_call.duration", "s", "Time of one model call that was answered.", null, StepBuckets);
        _transactionCommitDuration = Meter.CreateHistogram("streamscorer.transaction.commit_duration", "s", "From asking the producer to commit a transaction to its answer.", null, StepBuckets);
        _endToEndDuration = Meter.CreateHistogram("streamscorer.record.end_to_end", "s", "From the record's timestamp to its acknowledged outcome.", null, LatencyBuckets);
        _inProcessDuration = Meter.CreateHistogram("streamscorer.record.in_process", "s", "From consumed to the acknowledged outcome.", null, LatencyBuckets);
        _postAge = Meter.CreateHistogram("streamscorer.post.age", "s", "From the creation of a scored post to its acknowledged outcome.", null, LatencyBuckets);
        CreateCounters();
        CreateKafkaCounters();
        CreateGauges();
    }

    /// <summary>Of this instance alone: another Telemetry in the process, as in tests, has its own meter of the same name.</summary>
    public Meter Meter { get; }

    public void Dispose() => Meter.Dispose();

    private void CreateCounters()
    {
        Meter.CreateObservableCounter("streamscorer.records.consumed", () => Measured(p => new(p.Consumed, p.Tags)), "{record}", "Records taken from the topic.");
        Meter.CreateObservableCounter("streamscorer.records", MeasureOutcomes, "{record}", "Records with an acknowledged outcome, and those given up to be read again.");
        Meter.CreateObservableCounter("streamscorer.decisions", _decisions.Measure, "{record}", "Scored records by the policy's decision.");
        Meter.CreateObservableCounter("streamscorer.flags", _flags.Measure, "{flag}", "Flags raised; a record can raise several.");
        Meter.CreateObservableCounter("streamscorer.threshold_crossings", _crossings.Measure, "{crossing}", "Labels whose probability reached a threshold of the policy, by head, label and band.");
        Meter.CreateObservableCounter("streamscorer.truncated", () => Interlocked.Read(ref _truncated), "{record}", "Scored records whose text was longer than the model reads.");
        Meter.CreateObservableCounter("streamscorer.dead_letters", _deadLetters.Measure, "{record}", "Dead-lettered records by reason.");
        Meter.CreateObservableCounter("streamscorer.filtered", _filtered.Measure, "{record}", "Filtered records by reason.");
        Meter.CreateObservableCounter("streamscorer.micro_batches", _microBatches.Measure, "{batch}", "Micro-batches by what sealed them.");
        Meter.CreateObservableCounter("streamscorer.tokens", _tokens.Measure, "{token}", "Tokens the device worked on, real ones and padding.");
        Meter.CreateObservableCounter("streamscorer.inference_failures", _inferenceFailures.Measure, "{failure}", "Model calls that failed, by what the failure says about trying again.");
        Meter.CreateObservableCounter("streamscorer.readiness_changes", _readinessChanges.Measure, "{change}", "Times that the worker became ready, and not ready.");
        Meter.CreateObservableCounter("streamscorer.policy_changes", _policyChanges.Measure, "{change}", "Changes of the policy's file while the worker ran, by what became of them.");
        Meter.CreateObservableCounter("streamscorer.otlp_failures", _otlpFailures.Measure, "{push}", "Pushes of telemetry that the collector did not take.");
        Meter.CreateObservableCounter("streamscorer.restarts", () => Interlocked.Read(ref _restarts), "{restart}", "1 when the process before died with records at work.");
    }

    private void CreateKafkaCounters()
    {
        Meter.CreateObservableCounter("streamscorer.rebalances", _rebalances.Measure, "{rebalance}", "Changes of the assignment, by kind.");
        Meter.CreateObservableCounter("streamscorer.transactions.committed", () => Interlocked.Read(ref _transactionsCommitted), "{transaction}", "Transactions committed.");
        Meter.CreateObservableCounter("streamscorer.transactions.aborted", _transactionsAborted.Measure, "{transaction}", "Transactions aborted, by reason.");
        Meter.CreateObservableCounter("streamscorer.commit_failures", () => Interlocked.Read(ref _commitFailures), "{failure}", "Offset commits that failed.");
        Meter.CreateObservableCounter("streamscorer.produce_failures", () => Interlocked.Read(ref _produceFailures), "{failure}", "Outputs that Kafka refused.");
        Meter.CreateObservableCounter("streamscorer.produce_retries", () => Interlocked.Read(ref _produceRetries), "{retry}", "Outputs sent again after a failure.");
        Meter.CreateObservableCounter("streamscorer.pauses", _pauses.Measure, "{pause}", "Times that reading was paused, by reason.");
        Meter.CreateObservableCounter("streamscorer.output_errors", _outputErrors.Measure, "{record}", "Records for an output that were not accepted.");
        Meter.CreateObservableCounter("streamscorer.client_errors", _clientErrors.Measure, "{error}", "Errors that a Kafka client reported, such as brokers that do not answer.");
    }

    private IEnumerable<Measurement<long>> Measured(Func<PartitionCounts, Measurement<long>> measure) => _partitions.Values.Select(measure);

    private IEnumerable<Measurement<long>> MeasureOutcomes()
    {
        foreach (var partition in _partitions.Values)
        {
            yield return new(partition.Scored, partition.ScoredTags);
            yield return new(partition.DeadLettered, partition.DeadLetteredTags);
            yield return new(partition.Filtered, partition.FilteredTags);
            yield return new(partition.Voided, partition.VoidedTags);
        }
    }
}
