using System.Globalization;

namespace ModelTool.Graph;

/// <summary>
/// Collects an ONNX graph node by node. Values are known by their names; every name is given once. Nodes must be added after what they read.
/// </summary>
internal sealed partial class GraphBuilder(string name)
{
    /// <summary>Operators of ONNX Runtime beyond the ONNX standard, the fused ones among them.</summary>
    public const string Microsoft = "com.microsoft";

    private readonly GraphProto _graph = new() { Name = name };
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _fresh = new(StringComparer.Ordinal);
    private string _scope = "";

    /// <summary>Everything added until it is disposed is named <c>part/...</c>; scopes nest. Inputs and outputs of the graph keep their names.</summary>
    public IDisposable Scope(string part)
    {
        var outer = _scope;
        _scope = $"{outer}{part}/";
        return new ScopeEnd(() => _scope = outer);
    }

    /// <param name="shape">Sizes as whole numbers, dynamic ones as their symbol.</param>
    public string Input(string name, ElementType type, params object[] shape)
    {
        _graph.Input.Add(Value(Claim(name), type, shape));
        return name;
    }

    /// <summary>Makes a value that some node gives under this name (see <see cref="Add"/>) an output of the graph.</summary>
    /// <param name="shape">Sizes as whole numbers, dynamic ones as their symbol.</param>
    public void Output(string name, ElementType type, params object[] shape)
    {
        if (!_names.Contains(name))
        {
            throw new ArgumentException($"No node gives '{name}'.", nameof(name));
        }

        _graph.Output.Add(Value(name, type, shape));
    }

    /// <summary>Adds a node with one output and returns the output's fresh name.</summary>
    /// <param name="inputs">Names; an empty one leaves out an optional input.</param>
    /// <param name="domain">Null for the ONNX standard.</param>
    /// <param name="attributes">Values: long, int, bool, <see cref="ElementType"/>, float, string, or an array of long, float or string.</param>
    public string Node(string opType, IEnumerable<string> inputs, string? domain = null, params (string Name, object Value)[] attributes) =>
        Nodes(opType, inputs, 1, domain, attributes)[0];

    /// <summary>As <see cref="Node"/>, with several outputs.</summary>
    public string[] Nodes(string opType, IEnumerable<string> inputs, int outputs, string? domain = null, params (string Name, object Value)[] attributes)
    {
        var name = Fresh(opType);
        return Add(opType, inputs, [.. Enumerable.Range(0, outputs).Select(i => i == 0 ? name : $"{name}.{i}")], domain, attributes);
    }

    /// <summary>As <see cref="Nodes"/>, with outputs under names of the caller's choice, which no scope changes; an empty one leaves out an optional output.</summary>
    public string[] Add(string opType, IEnumerable<string> inputs, string[] outputs, string? domain = null, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { Name = outputs[0], OpType = opType, Domain = domain ?? "" };
        foreach (var input in inputs)
        {
            if (input.Length > 0 && !_names.Contains(input))
            {
                throw new ArgumentException($"{opType} reads '{input}', which nothing gives so far.", nameof(inputs));
            }

            node.Input.Add(input);
        }

        node.Output.Add(outputs.Select(output => output.Length > 0 ? Claim(output) : output));
        node.Attribute.Add(attributes.Select(attribute => Attribute(attribute.Name, attribute.Value)));
        _graph.Node.Add(node);
        return outputs;
    }

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case long or int or bool or ElementType:
                attribute.I = Convert.ToInt64(value, CultureInfo.InvariantCulture);
                attribute.Type = AttributeProto.Types.AttributeType.Int;
                break;
            case float number:
                attribute.F = number;
                attribute.Type = AttributeProto.Types.AttributeType.Float;
                break;
            case string text:
                attribute.S = Google.Protobuf.ByteString.CopyFromUtf8(text);
                attribute.Type = AttributeProto.Types.AttributeType.String;
                break;
            case long[] numbers:
                attribute.Ints.Add(numbers);
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                break;
            case float[] numbers:
                attribute.Floats.Add(numbers);
                attribute.Type = AttributeProto.Types.AttributeType.Floats;
                break;
            case string[] texts:
                attribute.Strings.Add(texts.Select(Google.Protobuf.ByteString.CopyFromUtf8));
                attribute.Type = AttributeProto.Types.AttributeType.Strings;
                break;
            default:
                throw new ArgumentException($"Attribute '{name}' holds a {value.GetType().Name}, which no attribute can.", nameof(value));
        }

        return attribute;
    }

    private static ValueInfoProto Value(string name, ElementType type, object[] shape)
    {
        var sizes = new TensorShapeProto();
        sizes.Dim.Add(shape.Select(size => size is string symbol
            ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
            : new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(size, CultureInfo.InvariantCulture) }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = sizes } } };
    }

    private string Claim(string name) => _names.Add(name) ? name : throw new ArgumentException($"The name '{name}' is taken.", nameof(name));

    private string Fresh(string stem)
    {
        string name;
        do
        {
            var count = _fresh.GetValueOrDefault(_scope + stem);
            _fresh[_scope + stem] = count + 1;
            name = count == 0 ? _scope + stem : $"{_scope}{stem}_{count}";
        }
        while (_names.Contains(name));

        return name;
    }

    private sealed class ScopeEnd(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
