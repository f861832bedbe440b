namespace ModelTool.Train;

/// <summary>A weight tensor; while it is trained with its gradient and AdamW's two moments.</summary>
internal sealed class Parameter : IDisposable
{
    public Parameter(ParameterShape shape, bool trained, bool averaged)
    {
        Shape = shape;
        Value = new NativeTensor(shape.Shape);
        if (trained)
        {
            Gradient = new NativeTensor(shape.Shape);
            Moment1 = new NativeTensor(shape.Shape);
            Moment2 = new NativeTensor(shape.Shape);
            Average = averaged ? new NativeTensor(shape.Shape) : null;
        }
    }

    public ParameterShape Shape { get; }

    public string Name => Shape.Name;

    public NativeTensor Value { get; }

    /// <summary>Null while the parameter is frozen; so are the moments.</summary>
    public NativeTensor? Gradient { get; }

    public NativeTensor? Moment1 { get; }

    public NativeTensor? Moment2 { get; }

    /// <summary>Moving average of the value over the steps; null while the parameter is frozen or no average is kept.</summary>
    public NativeTensor? Average { get; }

    /// <summary>One of the four above; null where there is none.</summary>
    public NativeTensor? Of(StateKind kind) => kind switch
    {
        StateKind.Value => Value,
        StateKind.Moment1 => Moment1,
        StateKind.Moment2 => Moment2,
        _ => Average,
    };

    /// <summary>What is measured and saved as the model.</summary>
    public NativeTensor Served => Average ?? Value;

    public void Dispose()
    {
        Value.Dispose();
        Gradient?.Dispose();
        Moment1?.Dispose();
        Moment2?.Dispose();
        Average?.Dispose();
    }
}

/// <summary>All weights of a model in training, by name.</summary>
internal sealed class ParameterSet : IDisposable
{
    private readonly Dictionary<string, Parameter> _byName;

    /// <summary>Makes room; the weights are zero until somebody writes them.</summary>
    /// <param name="averaged">Also makes room for a moving average of what is trained.</param>
    public ParameterSet(IEnumerable<ParameterShape> shapes, IReadOnlySet<string> trained, bool averaged = false)
    {
        All = [.. shapes.Select(shape => new Parameter(shape, trained.Contains(shape.Name), averaged))];
        _byName = All.ToDictionary(parameter => parameter.Name);
    }

    /// <summary>In the order of the shapes.</summary>
    public IReadOnlyList<Parameter> All { get; }

    public Parameter this[string name] => _byName[name];

    public bool Contains(string name) => _byName.ContainsKey(name);

    public void Dispose()
    {
        foreach (var parameter in All)
        {
            parameter.Dispose();
        }
    }
}
