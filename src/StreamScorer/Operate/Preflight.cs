using Confluent.Kafka;
using Confluent.Kafka.Admin;
using StreamScorer.Configure;

namespace StreamScorer.Operate;

/// <summary>Asks the brokers, before any record is read, whether they answer, have the topics, and let this user do its work.</summary>
internal static class Preflight
{
    /// <returns>One line a fault, each with its cure; empty when all is well.</returns>
    public static async Task<IReadOnlyList<string>> CheckAsync(Settings settings)
    {
        try
        {
            var (admin, metadata) = KafkaConnection.Open(settings.Kafka);
            using (admin)
            {
                return settings.Kafka.IsSecured ? await Permissions.CheckAsync(admin, settings, Uses(settings), metadata) : Absent(settings, metadata);
            }
        }
        catch (StartupException e)
        {
            return [e.Message];
        }
    }

    /// <summary>How to make a topic that is not there, with as many partitions as the input has.</summary>
    public static string CreateIt(Settings settings, string topic, Metadata metadata)
    {
        var input = metadata.Topics.Find(t => t.Topic == settings.Consume.Topic && t.Error.Code == ErrorCode.NoError);
        return $"Create it: kafka-topics.sh --bootstrap-server {settings.Kafka.BootstrapServers} --create --topic {topic} --partitions {input?.Partitions.Count ?? 6}";
    }

    private static List<string> Absent(Settings settings, Metadata metadata)
    {
        var present = metadata.Topics.Where(t => t.Error.Code == ErrorCode.NoError).Select(t => t.Topic).ToHashSet(StringComparer.Ordinal);
        return [.. Uses(settings).Where(use => !present.Contains(use.Topic)).Select(use =>
            $"The topic '{use.Topic}' ({use.Option}) does not exist at {settings.Kafka.BootstrapServers}, or this user may not see it. {CreateIt(settings, use.Topic, metadata)}")];
    }

    private static IReadOnlyList<TopicUse> Uses(Settings settings) =>
    [
        new(settings.Consume.Topic, "Consume:Topic", AclOperation.Read),
        new(settings.Publish.ScoredTopic, "Publish:ScoredTopic", AclOperation.Write),
        new(settings.Publish.FlaggedTopic, "Publish:FlaggedTopic", AclOperation.Write),
        new(settings.Publish.DeadLetterTopic, "Publish:DeadLetterTopic", AclOperation.Write),
    ];
}

/// <param name="Needs">What the worker does with it.</param>
internal sealed record TopicUse(string Topic, string Option, AclOperation Needs);
