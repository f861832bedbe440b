using System.Text;
using Confluent.Kafka;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Tests;

/// <summary>Valid records to start from; a test changes the one thing it is about.</summary>
internal static class Records
{
    public static readonly SourceRecord One = new("posts", 0, 0, 1_790_000_000_000, Encoding.UTF8.GetBytes("key"), Encoding.UTF8.GetBytes("""{"id":"1","text":"hello world"}"""), null, 1_790_000_000_100, 0, Epoch: 1);

    public static SourceRecord At(int partition, long offset, int epoch = 1) => One with { Partition = partition, Offset = offset, Epoch = epoch };

    public static MicroBatch Batch(params SourceRecord[] records) => new([.. records.Select(r => new Entry(r))], records.Sum(r => (long)r.Bytes));

    /// <summary>The outcomes of a worker with default options.</summary>
    public static Outcomes Outcomes(ModelIdentity? model = null, TimeProvider? time = null) => new(model ?? new ModelIdentity("mini", "1", "abc"), new PublishOptions(), time ?? TimeProvider.System);

    public static Message<byte[]?, byte[]?> DeadLetter(SourceRecord record, Reject reject) => Outcomes().DeadLetter(new Entry(record) { Reject = reject });
}
