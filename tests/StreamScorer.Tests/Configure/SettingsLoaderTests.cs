using Microsoft.Extensions.Configuration;
using StreamScorer.Configure;

namespace StreamScorer.Tests.Configure;

public sealed class SettingsLoaderTests
{
    [Fact]
    public void Bind_ShouldKeepDefaults_WhenNothingIsSet()
    {
        var (settings, faults) = Bind();

        Assert.Empty(faults);
        Assert.Equal("posts", settings.Consume.Topic);
        Assert.Equal("posts.scored", settings.Publish.ScoredTopic);
    }

    [Fact]
    public void Bind_ShouldTakeValuesOfEveryKind()
    {
        var (settings, faults) = Bind(
            ("Kafka:BootstrapServers", "a:1,b:2"),
            ("kafka:properties:ssl.ca.location", "/ca.pem"),
            ("CONSUME:STARTAT", "latest"),
            ("Consume:MaxBufferedRecords", "17"),
            ("Settle:CommitInterval", "00:00:02"),
            ("Publish:LingerMs", "1.5"));

        Assert.Empty(faults);
        Assert.Equal("a:1,b:2", settings.Kafka.BootstrapServers);
        Assert.Equal("/ca.pem", settings.Kafka.Properties["ssl.ca.location"]);
        Assert.Equal(StreamScorer.Consume.StartAt.Latest, settings.Consume.StartAt);
        Assert.Equal(17, settings.Consume.MaxBufferedRecords);
        Assert.Equal(TimeSpan.FromSeconds(2), settings.Settle.CommitInterval);
        Assert.Equal(1.5, settings.Publish.LingerMs);
    }

    [Fact]
    public void Bind_ShouldReportAllFaultsAtOnce()
    {
        var (_, faults) = Bind(
            ("Kafak:BootstrapServers", "x"),
            ("Kafka:BootstrapServer", "x"),
            ("Consume:MaxBufferedRecords", "many"),
            ("Consume:StartAt", "middle"),
            ("Settle:CommitInterval", "00:00:00"),
            ("Kafka:Properties:enable.auto.commit", "true"),
            ("Publish:FlaggedTopic", "posts.scored"));

        Assert.Collection(
            faults.Order(StringComparer.Ordinal),
            f => Assert.StartsWith("Consume:MaxBufferedRecords: 'many' is not a whole number.", f, StringComparison.Ordinal),
            f => Assert.StartsWith("Consume:StartAt: 'middle' is not one of Earliest, Latest.", f, StringComparison.Ordinal),
            f => Assert.StartsWith("Kafak: there is no such section.", f, StringComparison.Ordinal),
            f => Assert.StartsWith("Kafka:BootstrapServer: there is no such option. Kafka has: BootstrapServers,", f, StringComparison.Ordinal),
            f => Assert.StartsWith("Kafka:Properties: Properties must not set 'enable.auto.commit'", f, StringComparison.Ordinal),
            f => Assert.StartsWith("Publish:ScoredTopic: ScoredTopic, FlaggedTopic and DeadLetterTopic must be three different topics.", f, StringComparison.Ordinal),
            f => Assert.Contains("It is '00:00:00'.", f, StringComparison.Ordinal));
    }

    [Fact]
    public void Bind_ShouldRefuseASectionWhereAValueBelongs()
    {
        var (_, faults) = Bind(("Consume:MaxBufferedRecords:Oops", "1"));

        Assert.Single(faults);
    }

    private static (Settings Settings, List<string> Faults) Bind(params (string Key, string Value)[] values)
    {
        var faults = new List<string>();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values.Select(v => KeyValuePair.Create(v.Key, (string?)v.Value))).Build();
        return (SettingsLoader.Bind(configuration, faults), faults);
    }
}
