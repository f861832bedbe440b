using Confluent.Kafka;
using Confluent.Kafka.Admin;
using StreamScorer.Configure;

namespace StreamScorer.Operate;

/// <summary>What this user may do, as the broker itself tells; asked only where there are users (TLS or SASL).</summary>
internal static class Permissions
{
    /// <returns>One line a fault, each with its cure.</returns>
    public static async Task<IReadOnlyList<string>> CheckAsync(IAdminClient admin, Settings settings, IReadOnlyList<TopicUse> uses, Metadata metadata)
    {
        var topics = await TopicsAsync(admin, settings, uses);
        var who = Who(settings.Kafka);
        List<string> faults =
        [
            .. uses.Select(use => (use, topic: topics[use.Topic])).Select(t => t.topic switch
            {
                { Error.Code: ErrorCode.UnknownTopicOrPart } => $"The topic '{t.use.Topic}' ({t.use.Option}) does not exist at {settings.Kafka.BootstrapServers}. {Preflight.CreateIt(settings, t.use.Topic, metadata)}",
                { Error.Code: ErrorCode.TopicAuthorizationFailed } => Denied(t.use, who, $"see the topic '{t.use.Topic}'", settings),
                { Error.IsError: true } => $"The topic '{t.use.Topic}' ({t.use.Option}): {t.topic.Error.Reason}.",
                { AuthorizedOperations: { } may } when !may.Contains(t.use.Needs) => Denied(t.use, who, $"{t.use.Needs.ToString().ToLowerInvariant()} the topic '{t.use.Topic}'", settings),
                _ => null,
            }).OfType<string>(),
        ];
        if (await GroupAsync(admin, settings) is { } fault)
        {
            faults.Add(fault);
        }

        return faults;
    }

    private static async Task<Dictionary<string, TopicDescription>> TopicsAsync(IAdminClient admin, Settings settings, IReadOnlyList<TopicUse> uses)
    {
        var options = new DescribeTopicsOptions { RequestTimeout = settings.Kafka.ConnectTimeout, IncludeAuthorizedOperations = true };
        try
        {
            var found = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames(uses.Select(use => use.Topic)), options);
            return found.TopicDescriptions.ToDictionary(topic => topic.Name, StringComparer.Ordinal);
        }
        catch (DescribeTopicsException e)
        {
            return e.Results.TopicDescriptions.ToDictionary(topic => topic.Name, StringComparer.Ordinal); // some are well, some are not
        }
        catch (KafkaException e)
        {
            throw new StartupException($"The broker at {settings.Kafka.BootstrapServers} does not tell about topics: {e.Error.Reason}.");
        }
    }

    private static async Task<string?> GroupAsync(IAdminClient admin, Settings settings)
    {
        var group = settings.Kafka.GroupId;
        try
        {
            var found = await admin.DescribeConsumerGroupsAsync([group], new DescribeConsumerGroupsOptions { RequestTimeout = settings.Kafka.ConnectTimeout, IncludeAuthorizedOperations = true });
            return found.ConsumerGroupDescriptions[0].AuthorizedOperations is { } may && !may.Contains(AclOperation.Read) ? GroupDenied(settings) : null;
        }
        catch (DescribeConsumerGroupsException e) when (e.Results.ConsumerGroupDescriptions[0].Error.Code == ErrorCode.GroupAuthorizationFailed)
        {
            return GroupDenied(settings);
        }
        catch (KafkaException)
        {
            return null; // pressure tier: its coordinator is not there yet, as in a new cluster; joining will wait for it
        }
    }

    private static string GroupDenied(Settings settings)
        => $"{Who(settings.Kafka)} may not read as group '{settings.Kafka.GroupId}' (Kafka:GroupId). {Grant(settings.Kafka, $"--operation Read --group {settings.Kafka.GroupId}")}";

    private static string Denied(TopicUse use, string who, string act, Settings settings)
        => $"{who} may not {act} ({use.Option}), or it does not exist. {Grant(settings.Kafka, $"--operation {use.Needs} --topic {use.Topic}")}";

    private static string Grant(KafkaOptions kafka, string what)
        => $"Grant it: kafka-acls.sh --bootstrap-server {kafka.BootstrapServers} --add --allow-principal User:{kafka.Properties.GetValueOrDefault("sasl.username", "NAME")} {what}";

    private static string Who(KafkaOptions kafka)
        => kafka.Properties.TryGetValue("sasl.username", out var name) ? $"The user '{name}'" : "This user";
}
