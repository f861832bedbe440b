using Microsoft.ML.OnnxRuntime;

namespace ModelTool.Train;

/// <summary>Weights as graphs on a device read them: on the CPU where they lie, on a GPU in copies that stay until this is disposed.</summary>
internal sealed class DeviceWeights : IDisposable
{
    private readonly bool _areCopies;
    private readonly Dictionary<string, OrtValue> _byName = [];

    public DeviceWeights(TrainDevice device, IEnumerable<(string Name, NativeTensor Weight)> weights)
    {
        _areCopies = device.IsCuda;
        foreach (var (name, weight) in weights)
        {
            _byName.Add(name, _areCopies ? device.Allocate(weight.Shape) : weight.Value);
            if (_areCopies)
            {
                device.Copy(weight.Value, _byName[name]);
            }
        }
    }

    public OrtValue this[string name] => _byName[name];

    public void Dispose()
    {
        if (_areCopies)
        {
            foreach (var copy in _byName.Values)
            {
                copy.Dispose();
            }
        }
    }
}
