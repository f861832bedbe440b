using Confluent.Kafka;
using StreamScorer.Configure;

namespace StreamScorer.Operate;

/// <summary>Asks the brokers, before any record is read, whether they answer and have the topics.</summary>
internal static class Preflight
{
    /// <returns>One line a fault, each with its cure; empty when all is well.</returns>
    public static IReadOnlyList<string> Check(Settings settings)
    {
        var servers = settings.Kafka.BootstrapServers;
        var last = "";
        Metadata metadata;
        try
        {
            using var admin = new AdminClientBuilder(settings.Kafka.Client<AdminClientConfig>())
                .SetErrorHandler((_, error) => last = $" ({error.Reason})")
                .SetLogHandler((_, _) => { })
                .Build();

            // All topics and not one by name: asking for a missing topic may create it.
            metadata = admin.GetMetadata(settings.Kafka.ConnectTimeout);
        }
        catch (KafkaException e)
        {
            return [$"No Kafka broker answered at {servers} within {settings.Kafka.ConnectTimeout}: {e.Error.Reason}{last}. Check that it runs and is reachable, or set Kafka:BootstrapServers."];
        }
        catch (InvalidOperationException e)
        {
            // The client refuses a property by its name or value.
            return [$"Kafka:Properties: {e.Message}"];
        }

        var present = metadata.Topics.Where(t => t.Error.Code == ErrorCode.NoError).ToDictionary(t => t.Topic, t => t.Partitions.Count, StringComparer.Ordinal);
        var partitions = present.TryGetValue(settings.Consume.Topic, out var count) ? count : 6;
        return
        [
            .. Topics(settings).Where(t => !present.ContainsKey(t.Topic)).Select(t =>
                $"The topic '{t.Topic}' ({t.Option}) does not exist at {servers}, or this user may not see it. Create it: kafka-topics.sh --bootstrap-server {servers} --create --topic {t.Topic} --partitions {partitions}"),
        ];
    }

    private static IEnumerable<(string Topic, string Option)> Topics(Settings settings) =>
    [
        (settings.Consume.Topic, "Consume:Topic"),
        (settings.Publish.ScoredTopic, "Publish:ScoredTopic"),
        (settings.Publish.FlaggedTopic, "Publish:FlaggedTopic"),
        (settings.Publish.DeadLetterTopic, "Publish:DeadLetterTopic"),
    ];
}
