using Google.Protobuf;
using ModelTool.Graph;

namespace ModelTool.Train;

/// <summary>Emits a <see cref="TrainGraph"/>.</summary>
internal sealed partial class TrainGraphEmitter
{
    private const string Rows = "rows";
    private const string Length = "length";

    private readonly BertConfig _config;
    private readonly IReadOnlyList<HeadSpec> _heads;
    private readonly TrainGraphOptions _options;
    private readonly GraphBuilder _graph = new("train");
    private readonly Tape _tape;
    private readonly Dictionary<string, ParameterShape> _parameters;
    private readonly List<MaskInput> _masks = [];
    private readonly Dictionary<string, string> _logits = [];
    private readonly Dictionary<string, string> _losses = [];
    private readonly List<ShapeInput> _shapes = [];
    private readonly string _padding;
    private readonly string _sequence;
    private readonly string _split;
    private readonly string _padFirst;
    private string _embeddings = "";

    private TrainGraphEmitter(BertConfig config, IReadOnlyList<HeadSpec> heads, TrainGraphOptions options)
    {
        (_config, _heads, _options) = (config, heads, options);
        _tape = new Tape(_graph);
        _parameters = ParameterShape.Of(config, heads).ToDictionary(parameter => parameter.Name);
        if (options.Update is not null)
        {
            DeclareGroups();
        }

        foreach (var parameter in _parameters.Values)
        {
            if (!InGroup(parameter))
            {
                _graph.Input(parameter.Name, ElementType.Float, [.. parameter.Shape.Cast<object>()]);
            }

            if (options.Trained.Contains(parameter.Name) && !parameter.IsEmbedding)
            {
                _tape.Track(parameter.Name);
            }
        }

        _graph.Input(TrainGraph.Ids, ElementType.Int64, Rows, Length);
        _graph.Input(TrainGraph.SegmentIds, ElementType.Int64, Rows, Length);
        _graph.Input(TrainGraph.PositionIds, ElementType.Int64, Length);
        _padding = _graph.Input(TrainGraph.Padding, ElementType.Float, Rows, 1L, 1L, Length);
        _sequence = Sizes("sequence", (rows, length) => [rows, length, config.Hidden]);
        _split = Sizes("split", (rows, length) => [rows, length, AttentionHeads, HeadSize]);
        _padFirst = Sizes("pad-first", (_, length) => [0, 0, 0, 0, length - 1, 0]);
    }

    private int AttentionHeads => _config.Encoder.AttentionHeads;

    private int HeadSize => _config.Hidden / AttentionHeads;

    public static TrainGraph Emit(BertConfig config, IReadOnlyList<HeadSpec> heads, TrainGraphOptions options) =>
        new TrainGraphEmitter(config, heads, options).Emit();

    private TrainGraph Emit()
    {
        var perToken = _heads.Any(head => head.NeedsTokens);
        var x = Embed();
        for (var layer = 0; layer < _config.Encoder.Layers; layer++)
        {
            x = Layer(x, layer, firstOnly: !perToken && layer == _config.Encoder.Layers - 1);
        }

        EmitHeads(x, perToken);
        _tape.Backward();
        foreach (var loss in _losses.Values)
        {
            _graph.Output(loss, ElementType.Float);
        }

        if (_options.Update is { } update)
        {
            EmitUpdate(update);
            return Finish([], null);
        }

        return Finish(GiveGradients(), GiveEmbeddingGradient());
    }

    private Dictionary<string, string> GiveGradients()
    {
        var gradients = new Dictionary<string, string>();
        foreach (var (name, parameter) in _parameters)
        {
            if (_tape.Tracks(name) && _tape.GradientOf(name) is { } gradient)
            {
                gradients.Add(name, gradient);
                _graph.Output(gradient, ElementType.Float, [.. parameter.Shape.Cast<object>()]);
            }
        }

        return gradients;
    }

    private string? GiveEmbeddingGradient()
    {
        var embeddings = _tape.GradientOf(_embeddings);
        if (embeddings is not null)
        {
            _graph.Output(embeddings, ElementType.Float, "tokens", (long)_config.Hidden);
        }

        return embeddings;
    }

    private TrainGraph Finish(Dictionary<string, string> gradients, string? embeddings) => new(_graph.Build().ToByteArray())
    {
        Heads = _heads,
        Parameters = [.. _parameters.Values.Where(parameter => !InGroup(parameter))],
        Groups = _groups,
        Shapes = _shapes,
        Masks = _masks,
        Gradients = gradients,
        EmbeddingGradient = embeddings,
        Losses = _losses,
        Logits = _logits,
    };

    private bool InGroup(ParameterShape parameter) => _options.Update is not null && _options.Trained.Contains(parameter.Name);

    /// <summary>Word, position and segment embeddings, normalised: [rows * length, hidden].</summary>
    private string Embed()
    {
        var words = _tape.Node("Gather", ParameterShape.Words, TrainGraph.Ids);
        var positions = _tape.Node("Gather", ParameterShape.Positions, TrainGraph.PositionIds);
        var segments = _tape.Node("Gather", ParameterShape.Segments, TrainGraph.SegmentIds);
        var sum = _tape.Node("Add", _tape.Node("Add", words, segments), positions);
        _embeddings = _tape.Reshape(sum, -1, _config.Hidden);
        if (_parameters.Values.Any(parameter => parameter.IsEmbedding && _options.Trained.Contains(parameter.Name)))
        {
            _tape.Track(_embeddings);
        }

        return Dropout(Norm(_embeddings, "embeddings.LayerNorm"), "embeddings");
    }

    private string Layer(string x, int layer, bool firstOnly)
    {
        using var scope = _graph.Scope($"layer.{layer}");
        var (prefix, hidden) = (BertTensors.Layer(layer) + ".", _config.Hidden);
        var asking = firstOnly ? _tape.FirstTokens(x, _sequence, _padFirst, hidden) : x;
        var split = firstOnly ? _tape.Shape(-1, 1, AttentionHeads, HeadSize) : _split;
        var q = _tape.SplitHeads(Dense(asking, prefix + "attention.self.query"), split, hidden);
        var k = _tape.SplitHeads(Dense(x, prefix + "attention.self.key"), _split, hidden);
        var v = _tape.SplitHeads(Dense(x, prefix + "attention.self.value"), _split, hidden);
        var mask = Mask(new MaskInput($"mask.{layer}.probabilities", 0, AttentionHeads, firstOnly));
        var context = _tape.JoinHeads(_tape.Attend(q, k, v, _padding, mask, HeadSize), split, hidden);
        var attended = Dropout(Dense(context, prefix + "attention.output.dense"), $"{layer}.attention", firstOnly);
        var middle = Norm(_tape.Add(attended, asking), prefix + "attention.output.LayerNorm");
        var inner = _tape.Gelu(Dense(middle, prefix + "intermediate.dense"));
        var output = Dropout(Dense(inner, prefix + "output.dense"), $"{layer}.output", firstOnly);
        return Norm(_tape.Add(output, middle), prefix + "output.LayerNorm");
    }

    private string Dense(string x, string name) => _tape.Dense(x, name + ".weight", name + ".bias");

    private string Norm(string x, string name) => _tape.LayerNorm(x, name + ".weight", name + ".bias", _config.Epsilon);

    private string Dropout(string x, string name, bool firstOnly = false) =>
        _tape.Dropout(x, Mask(new MaskInput($"mask.{name}", _config.Hidden, 0, firstOnly)));

    private string? Mask(MaskInput mask)
    {
        if (!_options.Dropout)
        {
            return null;
        }

        _masks.Add(mask);
        object[] shape = mask.Hidden > 0 ? [mask.FirstOnly ? Rows : "tokens", (long)mask.Hidden] : [Rows, (long)mask.Heads, mask.FirstOnly ? 1L : Length, Length];
        return _graph.Input(mask.Name, ElementType.Float, shape);
    }

    /// <summary>Sizes that the host gives: computed by nodes, they would be computed on the CPU whatever the device.</summary>
    private string Sizes(string name, Func<int, int, long[]> of)
    {
        _shapes.Add(new ShapeInput($"sizes.{name}", of));
        return _graph.Input(_shapes[^1].Name, ElementType.Int64, (long)of(1, 1).Length);
    }
}
