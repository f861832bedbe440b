namespace StreamScorer.Consume;

/// <summary>
/// How much one micro-batch may hold. Bytes stand for model time, because tokens are not counted before Encode: the byte
/// limit follows the measured seconds of model time per byte towards the target duration.
/// </summary>
internal sealed class MicroBatchLimit(ConsumeOptions options)
{
    // A new measurement counts a quarter: a single slow call on a noisy machine moves the limit little, a real change is
    // followed within about ten micro-batches.
    private const double Weight = 0.25;

    // One in the smallest multiple of a full post that keeps a model call worth its overhead.
    private const long LeastBytes = 4_096;

    private double _secondsPerByte;
    private long _bytes = 16_384;

    public int Records => options.MaxRecordsPerMicroBatch;

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Takes note of one micro-batch: its bytes and the seconds the model needed for it. Called by Infer alone.</summary>
    public void Observe(long bytes, double seconds)
    {
        if (bytes <= 0 || seconds <= 0)
        {
            return;
        }

        var measured = seconds / bytes;
        _secondsPerByte = _secondsPerByte == 0 ? measured : _secondsPerByte + (Weight * (measured - _secondsPerByte));
        var target = options.TargetMicroBatchDuration.TotalSeconds / _secondsPerByte;
        Volatile.Write(ref _bytes, (long)Math.Clamp(target, LeastBytes, options.MaxBytesPerMicroBatch));
    }
}
