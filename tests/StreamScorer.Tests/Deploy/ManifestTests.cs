using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using StreamScorer.Configure;

namespace StreamScorer.Tests.Deploy;

/// <summary>What docker-compose.yml, the Dockerfile and the Kubernetes manifests must agree on with the program and with one another.</summary>
public sealed partial class ManifestTests
{
    /// <summary>Time to commit and to leave the group, after the drain.</summary>
    private const int AfterDrain = 10;

    private static readonly string[] Workers = ["worker", "worker-gpu", "console-key", "load"];
    private static readonly string Dockerfile = File.ReadAllText(Repository.PathOf("deploy", "Dockerfile"));
    private static readonly Manifest Deployment = Manifest.Kubernetes("deployment.yaml");
    private static readonly Manifest Scaling = Manifest.Kubernetes("scaledobject.yaml");

    private static readonly Dictionary<string, string> Options = File.ReadAllLines(Repository.PathOf("deploy", "kubernetes", "base", "streamscorer.env"))
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    [Fact]
    public void Options_ShouldBeKnownToTheProgram()
    {
        var compose = Workers.Select(worker => Manifest.Compose[$"services:{worker}:environment"]).SelectMany(environment => environment.Keys.Select(key => (key, environment[key].Text!)));
        var image = Variable().Matches(Dockerfile).Select(match => (match.Groups[1].Value, match.Groups[2].Value));
        var pod = Deployment["spec:template:spec:containers:0:env"].Items.Select(item => (item["name"].Text!, "2"));
        var given = compose.Concat(image).Concat(pod).Concat(Options.Select(option => (option.Key, option.Value))).ToList();
        Assert.True(given.Count > 10);

        Assert.All(given, option => Assert.Empty(Faults(option.Item1, option.Item2)));
        Assert.NotEmpty(Faults("STREAMSCORER__KAFKA__BOOTSTRAPSERVER", "a:1"));
    }

    [Fact]
    public void GracePeriods_ShouldBeLongerThanTheDrain()
    {
        var least = new PipelineOptions().DrainTimeout.TotalSeconds + AfterDrain;

        Assert.InRange(double.Parse(Manifest.Compose["services:worker:stop_grace_period"].Text!.TrimEnd('s'), CultureInfo.InvariantCulture), least, 120);
        Assert.InRange(double.Parse(Deployment["spec:template:spec:terminationGracePeriodSeconds"].Text!, CultureInfo.InvariantCulture), least, 120);
    }

    [Fact]
    public void ComposeWorkers_ShouldHaveNoRights()
        => Assert.All(Workers.Select(worker => Manifest.Compose[$"services:{worker}"]), worker =>
        {
            Assert.Equal("true", worker["read_only"].Text);
            Assert.Equal(["ALL"], worker["cap_drop"].Items.Select(item => item.Text));
            Assert.Equal(["no-new-privileges:true"], worker["security_opt"].Items.Select(item => item.Text));
            Assert.Equal(["worker-state:" + Variables()["STREAMSCORER__RECOVER__FOLDER"]], worker["volumes"].Items.Select(item => item.Text));
        });

    [Fact]
    public void ComposePorts_ShouldBeOpenToThisMachineOnly()
        => Assert.All(Manifest.Compose["services"].Keys.SelectMany(service => Manifest.Compose[$"services:{service}:ports"].Items), port => Assert.StartsWith("127.0.0.1:", port.Text, StringComparison.Ordinal));

    [Fact]
    public void ComposeMounts_ShouldBeThere()
        => Assert.All(
            Manifest.Compose["services"].Keys.SelectMany(service => Manifest.Compose[$"services:{service}:volumes"].Items).Select(volume => volume.Text!.Split(':')[0]).Where(source => source[0] == '.'),
            source => Assert.True(Path.Exists(Repository.PathOf(source)), source));

    [Fact]
    public void Pod_ShouldHaveNoRights_AndRunAsTheUserOfTheImage()
    {
        var pod = Deployment["spec:template:spec"];
        var worker = pod["containers:0:securityContext"];

        Assert.Equal(("true", "false", "ALL"), (worker["readOnlyRootFilesystem"].Text, worker["allowPrivilegeEscalation"].Text, worker["capabilities:drop:0"].Text));
        Assert.Equal(("true", "false"), (pod["securityContext:runAsNonRoot"].Text, pod["automountServiceAccountToken"].Text));
        Assert.Equal([pod["securityContext:runAsUser"].Text!], User().Matches(Dockerfile).Select(match => match.Groups[1].Value).Distinct());
        Assert.Contains(Variables()["STREAMSCORER__RECOVER__FOLDER"], pod["containers:0:volumeMounts"].Items.Select(mount => mount["mountPath"].Text));
    }

    [Fact]
    public void Scaling_ShouldWatchWhatTheWorkersRead()
    {
        var trigger = Scaling["spec:triggers:0:metadata"];

        Assert.Equal(
            (Options["STREAMSCORER__KAFKA__BOOTSTRAPSERVERS"], Options["STREAMSCORER__KAFKA__GROUPID"], Options["STREAMSCORER__CONSUME__TOPIC"]),
            (trigger["bootstrapServers"].Text, trigger["consumerGroup"].Text, trigger["topic"].Text));
        Assert.Equal(Deployment["metadata:name"].Text, Scaling["spec:scaleTargetRef:name"].Text);
        Assert.Equal(Manifest.Compose["services:topics:environment:PARTITIONS"].Text, Scaling["spec:maxReplicaCount"].Text);
    }

    [Fact]
    public void Service_ShouldBeCalledAsTheAlertsCallTheJob()
        => Assert.All(Job().Matches(File.ReadAllText(Rules.File)), job => Assert.Equal(Manifest.Kubernetes("service.yaml")["metadata:name"].Text, job.Groups[1].Value));

    private static Dictionary<string, string> Variables()
        => Variable().Matches(Dockerfile).Select(match => (match.Groups[1].Value, match.Groups[2].Value)).Distinct().ToDictionary(pair => pair.Item1, pair => pair.Item2);

    private static List<string> Faults(string name, string value)
    {
        Assert.StartsWith(SettingsLoader.EnvironmentPrefix, name, StringComparison.Ordinal);
        var key = name[SettingsLoader.EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal);
        var faults = new List<string>();
        SettingsLoader.Bind(new ConfigurationBuilder().AddInMemoryCollection([new(key.EndsWith("_FILE", StringComparison.Ordinal) ? key[..^5] : key, value)]).Build(), faults);
        return faults;
    }

    [GeneratedRegex(@"^ENV (\w+)=(\S+)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(@"^USER (\S+)$", RegexOptions.Multiline)]
    private static partial Regex User();

    [GeneratedRegex(@"job=""(\w+)""")]
    private static partial Regex Job();
}
