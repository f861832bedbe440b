using System.Text.Json;
using ModelTool.Graph;
using ModelTool.Import;

namespace ModelTool.Train;

/// <summary>
/// The output folder of a training: <c>last</c>, the newest checkpoint with the optimiser's moments, the moving average and the place in the data; <c>model</c>,
/// the weights, or their average, that were best on the development rows. Both are written aside and moved into place.
/// </summary>
internal sealed class TrainFolder(string folder, Checkpoint start, IReadOnlyList<HeadSpec> heads, ParameterSet parameters)
{
    private const string Moments = "moments.safetensors";
    private const string State = "state.json";

    private static readonly (string Prefix, Func<Parameter, NativeTensor?> Of)[] MomentKinds =
        [("1.", p => p.Moment1), ("2.", p => p.Moment2), ("average.", p => p.Average)];

    public string Model => Path.Combine(folder, "model");

    public string Last => Path.Combine(folder, "last");

    /// <summary>Where there is a checkpoint to go on from; null where there is none.</summary>
    private string? Resumable => ((string[])[Last, Last + ".old"]).FirstOrDefault(path => File.Exists(Path.Combine(path, State)));

    public bool HasCheckpoint => Resumable is not null;

    /// <summary>Writes the weights as a checkpoint that <c>modeltool import</c> reads.</summary>
    public void SaveModel() => OutputFolder.Write(Model, OutputFolder.CheckpointMark, path => WriteModel(path, parameter => parameter.Served));

    /// <summary>Writes everything that going on to the bit needs.</summary>
    public void SaveLast(TrainState state) => OutputFolder.Write(Last, OutputFolder.CheckpointMark, path =>
    {
        WriteModel(path, parameter => parameter.Value);
        var moments = MomentKinds.SelectMany(kind => parameters.All
            .Where(parameter => kind.Of(parameter) is not null)
            .Select(parameter => new NamedTensor(kind.Prefix + parameter.Name, parameter.Shape.Shape, () => kind.Of(parameter)!.Span.ToArray())));
        SafetensorsWriter.Write(Path.Combine(path, Moments), [.. moments]);
        File.WriteAllBytes(Path.Combine(path, State), JsonSerializer.SerializeToUtf8Bytes(state, TrainStateJson.Default.TrainState));
    });

    /// <summary>Reads the newest checkpoint into the parameters.</summary>
    /// <exception cref="ToolException">There is none, it is damaged, or it is of another training.</exception>
    public TrainState LoadLast(string fingerprint)
    {
        var path = Resumable ?? throw new ToolException($"{folder} holds no checkpoint to go on from: start without --resume.");
        var state = ReadState(Path.Combine(path, State));
        if (state.Fingerprint != fingerprint)
        {
            throw new ToolException($"The configuration, the data or the starting weights have changed since {path} was written: undo that, or start anew with another output.");
        }

        if (!File.Exists(Path.Combine(path, Moments)))
        {
            throw new ToolException($"{path} has no {Moments}, so that training cannot go on from it: start without --resume, with another output.");
        }

        using var weights = Checkpoint.Open(path);
        using var moments = SafetensorsFile.Open(Path.Combine(path, Moments));
        weights.Require(heads);
        foreach (var parameter in parameters.All)
        {
            weights.Read(parameter.Name).CopyTo(parameter.Value.Span);
            foreach (var (prefix, of) in MomentKinds)
            {
                if (of(parameter) is { } moment)
                {
                    var saved = moments.Floats(prefix + parameter.Name);
                    if (saved.Length != moment.Count)
                    {
                        throw new ToolException($"Tensor '{prefix + parameter.Name}' in {moments.Path} has {saved.Length} elements and must have {moment.Count}: start without --resume, with another output.");
                    }

                    saved.CopyTo(moment.Span);
                }
            }
        }

        return state;
    }

    private static TrainState ReadState(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), TrainStateJson.Default.TrainState) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new ToolException($"{file} is damaged: start without --resume, with another output.", e);
        }
    }

    private void WriteModel(string path, Func<Parameter, NativeTensor> weights) => CheckpointWriter.Write(
        path,
        start.Config,
        heads,
        start.Vocabulary,
        start.TokenizerConfig,
        [.. parameters.All.Select(parameter => new NamedTensor(parameter.Name, parameter.Shape.Shape, () => weights(parameter).Span.ToArray()))]);
}
