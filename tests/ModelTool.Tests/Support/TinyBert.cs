using ModelTool.Graph;
using ModelTool.Import;
using ModelTool.Train;

namespace ModelTool.Tests.Support;

/// <summary>The fixture model, ready to be trained.</summary>
internal static class TinyBert
{
    public static BertConfig Config { get; } = CheckpointConfig.Read(new FileInfo(Repository.TinyBert("config.json")));

    public static IReadOnlyDictionary<string, HeadSpec> Heads { get; } =
        HeadSpecs.Read(new FileInfo(Repository.TinyBert("heads.json"))).ToDictionary(head => head.Name);

    /// <summary>Its weights, all of them trained unless said otherwise.</summary>
    /// <param name="averaged">Whether they keep a moving average; it starts as the weights.</param>
    public static ParameterSet Load(IReadOnlyList<HeadSpec> heads, Func<string, bool>? trained = null, bool averaged = false)
    {
        var shapes = ParameterShape.Of(Config, heads);
        var parameters = new ParameterSet(shapes, shapes.Select(shape => shape.Name).Where(trained ?? (_ => true)).ToHashSet(), averaged);
        using var checkpoint = Checkpoint.Open(Repository.TinyBert("model.safetensors"));
        checkpoint.Require(heads);
        foreach (var parameter in parameters.All)
        {
            checkpoint.Read(parameter.Name).CopyTo(parameter.Value.Span);
            parameter.Value.Span.CopyTo(parameter.Served.Span);
        }

        return parameters;
    }

    /// <summary>A tensor's name in the reference files, which were saved from a model with heads.</summary>
    public static string InFile(string name) => name.StartsWith("heads.", StringComparison.Ordinal) ? name : "bert." + name;
}
