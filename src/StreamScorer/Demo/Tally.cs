using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using StreamScorer.Publish;
using StreamScorer.Shared.Contracts;

namespace StreamScorer.Demo;

/// <summary>
/// Reads the three output topics like any consumer of the product would, and enters what it sees into the book: the demo shows what
/// arrived, not what the worker says of itself.
/// </summary>
internal sealed class Tally(OutcomeBook book, string scoredTopic, string flaggedTopic, string deadLetterTopic)
{
    private static readonly TimeSpan MetadataLimit = TimeSpan.FromSeconds(10);

    /// <summary>Reads from the beginning of the topics until <paramref name="stop"/>.</summary>
    /// <exception cref="KafkaException">The topics cannot be read.</exception>
    public Task RunAsync(string bootstrapServers, CancellationToken stop)
        => Task.Factory.StartNew(() => Run(bootstrapServers, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(string bootstrapServers, CancellationToken stop)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(ClientConfiguration(bootstrapServers)).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(Partitions(consumer));
        try
        {
            while (true)
            {
                Enter(consumer.Consume(stop));
            }
        }
        catch (OperationCanceledException)
        {
            // asked to
        }
    }

    private void Enter(ConsumeResult<byte[]?, byte[]?> record)
    {
        if (record.Message.Value is null && !record.Message.Headers.TryGetLastBytes(Outcomes.HeaderReason, out _))
        {
            return; // a tombstone that was sent on: no outcome
        }

        if (record.Topic == deadLetterTopic)
        {
            book.DeadLettered(Source(record.Message.Headers));
        }
        else if (JsonSerializer.Deserialize(record.Message.Value, ContractsJson.Default.ScoredPost) is { Source: { } source } post)
        {
            if (record.Topic == scoredTopic)
            {
                book.Scored(source, post.Decision, post.Flags);
            }
            else
            {
                book.Flagged(new FlaggedPost(post.Id, post.Decision, [.. post.Why.Select(why => why.Label).Distinct()], post.Why.Max(why => why.Probability)));
            }
        }
    }

    private static RecordSource Source(Headers headers) => new(
        Text(headers, Outcomes.HeaderTopic),
        (int)Number(headers, Outcomes.HeaderPartition),
        Number(headers, Outcomes.HeaderOffset),
        Number(headers, Outcomes.HeaderTimestamp));

    private static long Number(Headers headers, string name) => long.Parse(Text(headers, name), CultureInfo.InvariantCulture);

    private static string Text(Headers headers, string name) => Encoding.UTF8.GetString(headers.GetLastBytes(name));

    private List<TopicPartitionOffset> Partitions(IConsumer<byte[]?, byte[]?> consumer)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        return
        [
            .. from name in new[] { scoredTopic, flaggedTopic, deadLetterTopic }
               from topic in admin.GetMetadata(name, MetadataLimit).Topics
               from partition in topic.Partitions
               select new TopicPartitionOffset(topic.Topic, partition.PartitionId, Offset.Beginning),
        ];
    }

    private static ConsumerConfig ClientConfiguration(string bootstrapServers) => new()
    {
        BootstrapServers = bootstrapServers,
        GroupId = "streamscorer-demo", // the client asks for one; nothing is committed under it
        EnableAutoCommit = false,
        FetchWaitMaxMs = 10, // the embedded broker lets an idle fetch wait to its end even when records come meanwhile
    };
}
