namespace ModelTool.Graph;

/// <summary>
/// How the tokens of several rows lie in a graph's inputs. Inside the graph all values have one row a token, [tokens, hidden]; only attention, means and
/// the outputs know of the texts' rows.
/// </summary>
internal abstract class TokenLayout(GraphBuilder graph, BertConfig config)
{
    private string? _tokens;
    private string? _batch;

    /// <summary>Name of the token ids, [tokens].</summary>
    public abstract string Ids { get; }

    protected GraphBuilder Graph { get; } = graph;

    protected BertConfig Config { get; } = config;

    /// <summary>Name of every token's place in its row, [tokens].</summary>
    protected abstract string Positions { get; }

    /// <summary>Name of every token's segment, [tokens].</summary>
    protected abstract string Segments { get; }

    /// <summary>Name of a value with as many elements as there are rows of text.</summary>
    protected abstract string Rows { get; }

    /// <summary>Whether attention can take the queries of [CLS] alone; else it needs all, and gives what [CLS] attended to.</summary>
    public virtual bool AsksForFirst => true;

    /// <summary>Attention over all tokens of the own row.</summary>
    /// <param name="queryBias">Of queries. Keys need none: it adds the same to all scores of a query, which softmax takes away. A value's bias goes through as it is.</param>
    /// <param name="onlyFirst">Whether only [CLS] asks; the queries are then as <see cref="AsksForFirst"/> says, and the result is [batch, hidden].</param>
    public abstract string Attend(string queries, string keys, string values, string queryBias, bool onlyFirst);

    /// <summary>Values of [CLS] alone: [batch, hidden].</summary>
    public abstract string First(string hidden);

    /// <summary>Mean over a row's tokens: [batch, hidden].</summary>
    public abstract string Mean(string hidden);

    /// <summary>Makes values that have one row a token an output of the graph.</summary>
    public abstract void Output(string name, string values, int width);

    /// <summary>Sum of the embeddings of every token's position and segment.</summary>
    public string Places(string positions, string segments) =>
        Graph.Node("Add", [Graph.Node("Gather", [positions, Positions]), Graph.Node("Gather", [segments, Segments])]);

    /// <summary>Normalised sum of the three embeddings of every token, in fp32.</summary>
    public string Embed(string words, string positions, string segments, string scale, string shift)
    {
        // The operator wants two dimensions: all tokens are one row to it.
        var axis = Graph.Initializer("axis", [0L], 1);
        string Row(string input) => Graph.Node("Unsqueeze", [input, axis]);
        string[] inputs = [Row(Ids), Row(Segments), words, positions, segments, scale, shift, "", Row(Positions)];
        var row = Graph.Nodes("EmbedLayerNormalization", inputs, 2, GraphBuilder.Microsoft, ("epsilon", Config.Epsilon))[0];
        return Graph.Node("Squeeze", [row, axis]);
    }

    /// <summary>How many rows values have, as a shape of one dimension.</summary>
    /// <param name="onlyFirst">Whether they are those of [CLS] alone.</param>
    public string Count(bool onlyFirst) => onlyFirst ? _batch ??= Graph.Node("Shape", [Rows]) : _tokens ??= Graph.Node("Shape", [Ids]);
}
