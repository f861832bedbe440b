using System.Text.Json.Nodes;
using StreamScorer.Configure;
using StreamScorer.Operate;
using StreamScorer.Shared.Bundle;

namespace StreamScorer.Tests;

public sealed class EngineTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "streamscorer-test-" + Guid.NewGuid().ToString("N"));

    [Fact]
    public void Open_ShouldRefuse_WhenAHeadReadsPairs()
    {
        Directory.CreateDirectory(_folder);
        foreach (var file in Directory.GetFiles(Repository.DefaultBundle))
        {
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        }

        var path = Path.Combine(_folder, ModelBundle.ManifestFile);
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        manifest["heads"]![1]!["pair"] = true;
        File.WriteAllText(path, manifest.ToJsonString());
        var settings = new Settings { Model = new ModelOptions { Bundle = _folder } };
        using var telemetry = new Telemetry(TimeProvider.System);

        var fault = Assert.Throws<BundleException>(() => Engine.Open(settings, telemetry, new HealthState(settings.Operate, TimeProvider.System), TimeProvider.System));

        Assert.Contains("cannot be served: head 'hate' reads two texts, and the worker scores single posts.", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
