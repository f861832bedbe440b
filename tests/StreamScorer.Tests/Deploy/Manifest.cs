using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace StreamScorer.Tests.Deploy;

/// <summary>A YAML document by the way to a value, such as <c>services:worker:ports</c>.</summary>
internal sealed class Manifest
{
    private readonly object? _root;

    private Manifest(object? root) => _root = root;

    public static Manifest Compose { get; } = Read("docker-compose.yml");

    public static Manifest Kubernetes(string file) => Read("deploy", "kubernetes", "base", file);

    public IEnumerable<string> Keys => _root is IDictionary<object, object> map ? map.Keys.Select(key => (string)key) : [];

    public IEnumerable<Manifest> Items => _root is IEnumerable<object> list ? list.Select(item => new Manifest(item)) : [];

    public string? Text => _root as string;

    public bool Exists => _root is not null;

    /// <summary>A value that may not be there; a number takes an item of a list.</summary>
    public Manifest this[string path] => path.Split(':').Aggregate(this, (at, key) => new Manifest(at._root switch
    {
        IDictionary<object, object> map => map.TryGetValue(key, out var value) ? value : null,
        IList<object> list => list[int.Parse(key, null)],
        _ => null,
    }));

    private static Manifest Read(params string[] path)
    {
        using var text = File.OpenText(Repository.PathOf(path));
        return new Manifest(new DeserializerBuilder().Build().Deserialize<object>(new MergingParser(new Parser(text))));
    }
}
